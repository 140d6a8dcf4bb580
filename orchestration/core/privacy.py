"""Who may read what lies below the data directory (contract#file-modes): its owner, and nobody else.

New files are made so (`ingest.files.write_privately`, called where each program starts). Here, what an earlier version, a
restored backup or another program left open is closed, and the groups that may read are let through to the published set, whose
own rights are set by `publish.snapshot`.
"""

import os

from ingest import files
from orchestration.core.paths import DataPaths
from publish.snapshot import Readers


def close_all(paths: DataPaths) -> None:
    """Close everything of ours below the data directory but the published sets. For the holder of the writer's lock."""
    for entry in paths.root.iterdir():
        if _is_ours(paths, entry.name) and entry.name not in _published(paths):
            files.tighten(entry)


def open_way(paths: DataPaths, readers: Readers) -> None:
    """Let the groups that may read pass through the data directory to the published set; without any, nobody.

    A folder has one group: where there are two, everybody may pass through, and sees nothing on the way. A data directory that
    holds something that is not ours keeps its rights: others may have to reach that.
    """
    groups = {group for group in (readers.group, readers.open_group) if group is not None}
    if len(groups) == 1:
        group, = groups
        if paths.root.stat().st_gid != group:
            os.chown(paths.root, -1, group)
        paths.root.chmod(0o710)
    elif groups:
        paths.root.chmod(0o711)
    elif all(_is_ours(paths, entry.name) for entry in paths.root.iterdir()):
        paths.root.chmod(0o700)


def _published(paths: DataPaths) -> set[str]:
    return {paths.published.name, paths.published_sets.name}


def _is_ours(paths: DataPaths, name: str) -> bool:
    ours = {p.name for p in (
        paths.landed, paths.quarantined, paths.decisions, paths.alerts, paths.evidence, paths.key_file.parent, paths.dbt,
        paths.dagster_home, paths.demo, paths.writer_lock, paths.writer, paths.parse_lock, paths.error_log,
        paths.told, paths.key_fingerprint, paths.version, paths.last_run, paths.metrics)}
    return name in ours | _published(paths) or name.startswith((paths.warehouse.name, files.TEMPORARY_PREFIX))
