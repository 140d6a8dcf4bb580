"""Reading XML piece by piece, in little memory, with nothing of its dangerous side: no entities, no references outward."""

from collections.abc import Iterator
from typing import Any, BinaryIO

from lxml import etree as untyped  # pyright: ignore[reportAttributeAccessIssue]  a C module without stubs

etree: Any = untyped
Element = Any  # of lxml

_BLOCK_BYTES = 256 << 10
_MAX_PIECE_BYTES = 32 << 20  # nothing is gathered without end


class BrokenXml(Exception):
    """No XML, or not whole, or not the document expected. `line` where it was noticed; no value stands in the text."""

    def __init__(self, problem: str, line: int | None = None):
        super().__init__(problem)
        self.problem, self.line = problem, line


def pieces(stream: BinaryIO, root: str) -> Iterator[tuple[Element, int]]:
    """Yields (root, n): the first n children of root are complete. They are removed before the next yield.

    Raises BrokenXml, also when the document's root is another, or it declares a document type.
    """
    since = 0  # bytes read without anything coming of it
    parser = etree.XMLPullParser(
        events=("start",), tag=f"{{*}}{root}", resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        remove_comments=True, remove_pis=True)
    above = None
    try:
        while block := stream.read(_BLOCK_BYTES):
            parser.feed(block)
            since += len(block)
            for _, element in parser.read_events():
                above = element if element.getparent() is None else above
            if above is not None and len(above) > 1:  # the last may go on
                _check_root(above, root)
                yield above, len(above) - 1
                del above[:-1]
                since = 0
            elif since > _MAX_PIECE_BYTES:
                raise BrokenXml("a part of the document is larger than any honest one")
        above = parser.close()
    except etree.XMLSyntaxError as error:
        raise BrokenXml("the XML is broken, or breaks off", error.lineno) from None
    _check_root(above, root)
    if len(above):
        yield above, len(above)


def _check_root(element: Element, root: str) -> None:
    if element.getroottree().docinfo.doctype:
        raise BrokenXml("the document declares a document type, which no trusted source does", element.sourceline)
    if name(element) != root:
        raise BrokenXml(f"the document is no <{root}>", element.sourceline)


def name(element: Element) -> str:
    """The name without its namespace; empty for what is no element, as a reference to an entity."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def children(element: Element, *path: str) -> list[Element]:
    """The elements at a path of local names below `element`; none, one or many."""
    elements = [element]
    for step in path:
        elements = [child for parent in elements for child in parent if name(child) == step]
    return elements


def child_text(element: Element, *path: str) -> str | None:
    """The text of the first element at a path; None when there is none or it is blank."""
    for child in children(element, *path):
        return (child.text or "").strip() or None
    return None
