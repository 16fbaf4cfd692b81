"""Writes golden files for what has none yet: `python -m tests.golden.write`, after an example or a stream was added."""

from tests.golden import histories
from tests.golden.examples import EXAMPLES
from tests.golden.files import Case, bindings, in_words, path_of, write
from tests.golden.streams import STREAMS


def main() -> None:
    """One file for each new (type, schema), and for each new stream."""
    for codec, binding in bindings():
        if not path_of(binding).exists():
            examples = [event for event in EXAMPLES if type(event) is binding.event]
            write(binding, [Case(codec.encode(event)[2], in_words(event)) for event in examples])
    for stream in STREAMS:
        histories.write(stream)


if __name__ == "__main__":
    main()
