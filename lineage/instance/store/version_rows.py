"""Whether new events change what the row of a stored version says of it."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

from .artifact_rows import VersionRow
from .evidence import NO_EVIDENCE, VersionEvidence
from .timeline import Event, Timeline, Version


def may_change(
    timeline: Timeline,
    rows: Mapping[int, VersionRow],
    events: Sequence[Event],
    keys: Sequence[Hashable | None],
    *,
    is_late: bool,
) -> bool:
    """Whether an event may change what is stored of a version.

    It knows what nobody knew; or it comes before others that it contradicts, of which
    the first counts.

    Args:
        timeline: The artifact's timeline before the events.
        rows: By ordinal, what is known of its versions.
        events: The new events, in their order.
        keys: The version that the evidence of each event names.
        is_late: Whether stored events come after the new ones.
    """
    for event, key in zip(events, keys, strict=True):
        if event.evidence is NO_EVIDENCE:
            continue
        versions = (
            _unnamed(timeline, event) if key is None else [timeline.versions.get(key)]
        )
        for version in versions:
            if version is None:
                continue
            row = rows[version.ordinal]
            if _knows_more(event.evidence, row):
                return True
            if is_late and _contradicts(event.evidence, row):
                return True
    return False


def _unnamed(timeline: Timeline, event: Event) -> list[Version | None]:
    """Return the versions to which an event may belong that names none."""
    versions = [timeline.unknown]
    if timeline.last is not None and timeline.last.making is not None:
        versions.append(timeline.last.making.version)
    uses = timeline.task_uses.get(event.task)
    if uses is not None:
        versions.append(uses.last.version)
    return versions


def _knows_more(new: VersionEvidence, row: VersionRow) -> bool:
    return (
        (row.size is None and new.size is not None)
        or (row.manifest is None and new.manifest is not None)
        or (row.normalised is None and new.normalised is not None)
        or (
            new.pinned is not None
            and (int(new.pinned), new.pinned_reason) != (row.pinned, row.pinned_reason)
        )
    )


def _contradicts(new: VersionEvidence, row: VersionRow) -> bool:
    return (new.size is not None and new.size != row.size) or (
        new.normalised is not None and new.normalised != row.normalised
    )
