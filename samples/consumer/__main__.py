"""Runs the consumer until it is ended; what it can't get over is said in one line, with exit code 1.

Passwords and URLs that hold one come from the environment: whoever lists processes sees the options. ``--database`` and
``--log`` are for development, where there are none.
"""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import asyncpg

from pushward.kafka.cluster import KafkaCluster
from pushward.subscribe import Source, SubscribeError, Subscriber, take_over
from pushward.subscribe.edge import EdgeSource
from pushward.subscribe.kafka import KafkaSource
from pushward.subscribe.log import LogSource
from samples.consumer.answers import Answers

CONNECTIONS_MAX: Final = 4
TOKEN: Final = "PUSHWARD_AUTH_TOKEN"  # noqa: S105 - the variable's name
DATABASE_URL: Final = "CONSUMER_DATABASE_URL"
LOG_URL: Final = "CONSUMER_LOG_URL"
KAFKA_PASSWORD: Final = "CONSUMER_KAFKA_PASSWORD"  # noqa: S105 - the variable's name


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m samples.consumer", description=__doc__)
    parser.add_argument("--from", dest="source", choices=("kafka", "edge"), required=True)
    parser.add_argument("--database", help=f"the consumer's own PostgreSQL, instead of {DATABASE_URL}")
    parser.add_argument("--start", choices=("beginning", "head"), help="where to start the first time")
    parser.add_argument("--take-over", action="store_true", help="take a new epoch over, and end")
    kafka = parser.add_argument_group("--from kafka")
    kafka.add_argument("--kafka", help="host:port")
    kafka.add_argument("--kafka-ca-file", help="speaks TLS; without it, in the clear: for this machine only")
    kafka.add_argument("--kafka-username", help=f"its password is in {KAFKA_PASSWORD}")
    kafka.add_argument(
        "--log", help=f"Pushward's database, by a role that may read the schema log: fills holes; instead of {LOG_URL}"
    )
    kafka.add_argument("--epoch", type=int, default=1)
    edge = parser.add_argument_group("--from edge")
    edge.add_argument("--base-url")
    edge.add_argument("--account", help=f"its SID; the auth token is in {TOKEN}")
    edge.add_argument("--dev", type=Path, help="dev.json of `make run`, which has all three")
    arguments = parser.parse_args()
    arguments.database = arguments.database or os.environ.get(DATABASE_URL)
    arguments.log = arguments.log or os.environ.get(LOG_URL)
    if not arguments.database:
        parser.error(f"set {DATABASE_URL}")
    if arguments.source == "kafka":
        if not arguments.kafka or not arguments.log:
            parser.error(f"--from kafka needs --kafka, and {LOG_URL} in the environment")
        arguments.cluster = _cluster(parser, arguments)
    return arguments


def _cluster(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> KafkaCluster:
    username = arguments.kafka_username
    password = os.environ.get(KAFKA_PASSWORD) if username else None
    try:
        return KafkaCluster(arguments.kafka, ca_file=arguments.kafka_ca_file, username=username, password=password)
    except ValueError as error:
        parser.error(str(error))


@asynccontextmanager
async def _source(arguments: argparse.Namespace) -> AsyncIterator[Source]:
    if arguments.source == "kafka":
        async with (
            LogSource(arguments.log) as log,
            KafkaSource(arguments.cluster, epoch=arguments.epoch, fill=log) as source,
        ):
            yield source
    else:
        async with _edge(arguments) as source:
            yield source


def _edge(arguments: argparse.Namespace) -> EdgeSource:
    if arguments.dev is not None:
        access = json.loads(arguments.dev.read_text("utf-8"))
        return EdgeSource(access["base_url"], access["account_sid"], access["auth_token"])
    return EdgeSource(arguments.base_url, arguments.account, os.environ[TOKEN])


async def _run(arguments: argparse.Namespace) -> None:
    async with (
        asyncpg.create_pool(arguments.database, min_size=1, max_size=CONNECTIONS_MAX) as pool,
        _source(arguments) as source,
    ):
        answers = Answers(pool)
        await answers.prepare()
        if arguments.take_over:
            print(f"{await take_over(source, answers)} shards moved into the new epoch")
        else:
            await Subscriber(source, answers, start=arguments.start).run()


def main() -> int:
    """The exit code."""
    try:
        asyncio.run(_run(_arguments()))
    except SubscribeError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
