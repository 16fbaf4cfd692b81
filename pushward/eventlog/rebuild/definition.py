"""A table as its migrations have made it, read from the catalog, and another one like it.

Two tables are alike if their definitions are equal: columns, constraints, indexes with their names, storage parameters,
owner and grants. A replayed table is compared with the live one before it takes its place, so nothing that a migration
has ever set can get lost on the way. What a copy can't have (triggers, views on the table, functions that take its row
type) is refused: it would stay with the table that is replaced.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final

from pushward.eventlog.rebuild.connection import Connection

_COLUMNS: Final = """
SELECT jsonb_build_array(a.attname, format_type(a.atttypid, a.atttypmod), a.attcollation::regcollation::text,
                         a.attnotnull, pg_get_expr(d.adbin, d.adrelid), a.attstorage::text, a.attcompression::text,
                         a.attidentity::text, a.attgenerated::text, a.attstattarget, a.attacl::text)::text
  FROM pg_attribute AS a
  LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
 WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
 ORDER BY a.attnum"""

_CONSTRAINTS: Final = """
SELECT jsonb_build_array(conname, pg_get_constraintdef(oid), contype IN ('p', 'u', 'x'))::text
  FROM pg_constraint WHERE conrelid = c.oid ORDER BY conname"""

_INDEXES: Final = """
SELECT pg_get_indexdef(i.indexrelid)
  FROM pg_index AS i
 WHERE i.indrelid = c.oid
   AND NOT EXISTS (SELECT FROM pg_constraint AS k WHERE k.conindid = i.indexrelid AND k.conrelid = i.indrelid)
 ORDER BY i.indexrelid::regclass::text"""

_GRANTS: Final = """
SELECT jsonb_build_array(g.privilege_type, CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE g.grantee::regrole::text END,
                         g.is_grantable)::text
  FROM aclexplode(c.relacl) AS g WHERE g.grantee <> c.relowner ORDER BY 1"""

_DEFINITIONS: Final = f"""
SELECT c.oid::regclass::text AS name, ARRAY({_COLUMNS}) AS columns, ARRAY({_CONSTRAINTS}) AS constraints,
       ARRAY({_INDEXES}) AS indexes, c.relowner::regrole::text AS owner, c.relpersistence::text AS persistence,
       coalesce(c.reloptions, '{{}}') AS options, coalesce(t.reloptions, '{{}}') AS toast_options,
       ARRAY({_GRANTS}) AS grants
  FROM unnest($1::text[]) WITH ORDINALITY AS asked(name, number)
  JOIN pg_class AS c ON c.oid = asked.name::regclass
  LEFT JOIN pg_class AS t ON t.oid = c.reltoastrelid
 ORDER BY asked.number"""

_DEPENDENTS: Final = """
SELECT DISTINCT c.oid::regclass::text, pg_describe_object(d.classid, d.objid, d.objsubid)
  FROM pg_class AS c
  JOIN pg_type AS t ON t.oid = c.reltype
  JOIN pg_depend AS d
    ON (d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid
        AND d.classid IN ('pg_trigger'::regclass, 'pg_rewrite'::regclass, 'pg_policy'::regclass, 'pg_proc'::regclass,
                          'pg_publication_rel'::regclass))
    OR (d.refclassid = 'pg_type'::regclass AND d.refobjid IN (t.oid, t.typarray) AND d.deptype = 'n')
 WHERE c.oid = ANY($1::text[]::regclass[])
 UNION
SELECT conrelid::regclass::text, pg_describe_object('pg_constraint'::regclass, oid, 0)
  FROM pg_constraint
 WHERE contype = 'f' AND (conrelid = ANY($1::text[]::regclass[]) OR confrelid = ANY($1::text[]::regclass[]))"""


@dataclass(frozen=True, slots=True)
class Definition:
    """A table without its name. Index definitions name it ``{table}``."""

    columns: tuple[str, ...]
    constraints: tuple[tuple[str, str, bool], ...]
    indexes: tuple[str, ...]
    owner: str
    persistence: str
    options: tuple[str, ...]
    toast_options: tuple[str, ...]
    grants: tuple[tuple[str, str, bool], ...]

    def text(self) -> str:
        """The same for equal definitions, for ever."""
        return json.dumps(asdict(self))


async def definitions_of(connection: Connection, tables: Sequence[str]) -> Sequence[Definition]:
    """The definitions of tables (``schema.name``), read with ``pg_catalog`` as the only search path."""
    return [
        Definition(
            columns=tuple(row["columns"]),
            constraints=tuple(tuple(json.loads(text)) for text in row["constraints"]),
            indexes=tuple(_without_table(index, row["name"]) for index in row["indexes"]),
            owner=row["owner"],
            persistence=row["persistence"],
            options=tuple(row["options"]),
            toast_options=tuple(row["toast_options"]),
            grants=tuple(tuple(json.loads(text)) for text in row["grants"]),
        )
        for row in await connection.fetch(_DEFINITIONS, tables)
    ]


async def dependents_of(connection: Connection, tables: Sequence[str]) -> Sequence[str]:
    """What would stay with tables that are replaced, for people; empty as it should be."""
    return [f"{table}: {dependent}" for table, dependent in await connection.fetch(_DEPENDENTS, tables)]


async def create_like(connection: Connection, live: str, copy: str, definition: Definition) -> None:
    """Makes ``copy``, like ``live`` but for the indexes, which are quicker made when the rows are there."""
    await connection.execute(f"CREATE TABLE {copy} (LIKE {live} INCLUDING ALL EXCLUDING INDEXES)")
    options = [*definition.options, *(f"toast.{option}" for option in definition.toast_options)]
    if options:
        await connection.execute(f"ALTER TABLE {copy} SET ({', '.join(options)})")
    for privilege, grantee, grantable in definition.grants:
        option = " WITH GRANT OPTION" if grantable else ""
        await connection.execute(f"GRANT {privilege} ON {copy} TO {grantee}{option}")
    await connection.execute(f"ALTER TABLE {copy} OWNER TO {definition.owner}")


async def create_indexes(connection: Connection, copy: str, definition: Definition) -> None:
    """Makes what `create_like` has left out."""
    for name, constraint, with_index in definition.constraints:
        if with_index:
            await connection.execute(f"ALTER TABLE {copy} ADD CONSTRAINT {name} {constraint}")
    for index in definition.indexes:
        await connection.execute(index.replace("{table}", copy, 1))


def _without_table(index: str, table: str) -> str:
    before, on, after = index.partition(f" ON {table} USING ")
    assert on, f"an index without its table: {index}"
    return f"{before} ON {{table}} USING {after}"
