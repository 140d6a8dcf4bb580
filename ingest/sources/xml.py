"""Reading XML piece by piece, in little memory, with nothing of its dangerous side: no entities, no references outward."""

from collections.abc import Iterator
from typing import BinaryIO

from lxml import etree


class BrokenXml(Exception):
    """No XML, or not whole, or not the document expected. `line` where it was noticed; no value stands in the text."""

    def __init__(self, problem: str, line: int | None = None):
        super().__init__(problem)
        self.problem, self.line = problem, line


def pieces(stream: BinaryIO, root: str, wanted: frozenset[str]) -> Iterator[etree._Element]:
    """Each element directly below the root whose local name is `wanted`, one at a time, gone when the next is asked for.

    Raises BrokenXml, also when the document's root is another, or it declares a document type.
    """
    depth = 0
    try:
        for event, element in etree.iterparse(
                stream, events=("start", "end"), resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
                remove_comments=True, remove_pis=True):
            if event == "start":
                depth += 1
                if depth == 1:
                    _check_root(element, root)
                continue
            depth -= 1
            if depth == 1:
                if name(element) in wanted:
                    yield element
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]
    except etree.XMLSyntaxError as error:
        raise BrokenXml("the XML is broken, or breaks off", error.lineno) from None


def _check_root(element: etree._Element, root: str) -> None:
    if element.getroottree().docinfo.doctype:
        raise BrokenXml("the document declares a document type, which no trusted source does", element.sourceline)
    if name(element) != root:
        raise BrokenXml(f"the document is no <{root}>", element.sourceline)


def name(element: etree._Element) -> str:
    """The name without its namespace."""
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def children(element: etree._Element, *path: str) -> list[etree._Element]:
    """The elements at a path of local names below `element`; none, one or many."""
    found = [element]
    for step in path:
        found = [child for parent in found for child in parent if name(child) == step]
    return found


def child_text(element: etree._Element, *path: str) -> str | None:
    """The text of the first element at a path; None when there is none or it is blank."""
    for child in children(element, *path):
        return (child.text or "").strip() or None
    return None


def attribute(element: etree._Element, key: str, *path: str) -> str | None:
    """An attribute of the first element at a path."""
    for child in children(element, *path):
        return (child.get(key) or "").strip() or None
    return None
