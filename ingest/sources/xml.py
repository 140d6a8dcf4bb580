"""Reading XML in pieces, in little memory, without entities and external references."""

from collections.abc import Iterator
from typing import Any, BinaryIO

from lxml import etree as untyped  # pyright: ignore[reportAttributeAccessIssue]  a C module without stubs

etree: Any = untyped
Element = Any  # of lxml

_BLOCK_BYTES = 256 << 10
_MAX_PIECE_BYTES = 32 << 20  # limit for one child of the root


class BrokenXml(Exception):
    """No XML, incomplete XML, or another document than expected. `line`: where, if known. The text holds no value."""

    def __init__(self, problem: str, line: int | None = None):
        super().__init__(problem)
        self.problem, self.line = problem, line


def pieces(stream: BinaryIO, *roots: str) -> Iterator[tuple[Element, int]]:
    """Yields (root, n): the first n children of root are complete. They are removed before the next yield.

    Raises BrokenXml, also when the document's root is none of `roots` (local names), or it declares a document type.
    """
    unused = 0  # bytes read since the last yield
    parser = etree.XMLPullParser(
        events=("start",), tag=[f"{{*}}{root}" for root in roots], resolve_entities=False, no_network=True, load_dtd=False,
        huge_tree=False, remove_comments=True, remove_pis=True)
    top = None
    try:
        while block := stream.read(_BLOCK_BYTES):
            parser.feed(block)
            unused += len(block)
            for _, element in parser.read_events():
                top = element if element.getparent() is None else top
            if top is not None and len(top) > 1:  # the last may be incomplete
                _check_root(top, roots)
                yield top, len(top) - 1
                del top[:-1]
                unused = 0
            elif unused > _MAX_PIECE_BYTES:
                raise BrokenXml("a part of the document is larger than 32 MB")
        top = parser.close()
    except etree.XMLSyntaxError as error:
        raise BrokenXml("the XML is broken, or breaks off", error.lineno) from None
    _check_root(top, roots)
    if len(top):
        yield top, len(top)


def elements(stream: BinaryIO, roots: tuple[str, ...], names: tuple[str, ...]) -> Iterator[Element]:
    """Yields each complete element of these local names, however deep it lies; what stands before it is removed.

    Raises BrokenXml, as `pieces` does; that the root is none of `roots`, or that there is a document type, only at the end.
    """
    unused = 0  # bytes read since the last yield
    parser = etree.XMLPullParser(
        events=("end",), tag=[f"{{*}}{n}" for n in names], resolve_entities=False, no_network=True, load_dtd=False,
        huge_tree=False, remove_comments=True, remove_pis=True)
    try:
        while block := stream.read(_BLOCK_BYTES):
            parser.feed(block)
            unused += len(block)
            for _, element in parser.read_events():
                yield element
                unused = 0
                parent = element.getparent()
                while parent is not None and parent[0] is not element:
                    del parent[0]
            if unused > _MAX_PIECE_BYTES:
                raise BrokenXml("a part of the document is larger than 32 MB")
        _check_root(parser.close(), roots)
    except etree.XMLSyntaxError as error:
        raise BrokenXml("the XML is broken, or breaks off", error.lineno) from None


def _check_root(element: Element, roots: tuple[str, ...]) -> None:
    if element.getroottree().docinfo.doctype:
        raise BrokenXml("the document declares a document type, which no trusted source does", element.sourceline)
    if name(element) not in roots:
        raise BrokenXml(f"the document is no <{'> or <'.join(roots)}>", element.sourceline)


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
