"""Writes golden files for what is in none yet: `python -m tests.golden.write`, after an example or stream was added."""

from tests.golden import histories
from tests.golden.examples import EXAMPLES
from tests.golden.files import Case, bindings, in_words, read, write
from tests.golden.streams import STREAMS


def main() -> None:
    """One file for each (type, schema) that has new examples, and for each new stream."""
    for codec, binding in bindings():
        released = {case.payload for case in read(binding)}
        examples = [event for event in EXAMPLES if type(event) is binding.event]
        cases = [Case(codec.encode(event)[2], in_words(event)) for event in examples]
        if new := [case for case in cases if case.payload not in released]:
            write(binding, new)
    for stream in STREAMS:
        histories.write(stream)


if __name__ == "__main__":
    main()
