"""Tasks, steps, entities with their versions, edges and the links between them.

Every key starts with `team_id`, so that the tables can be partitioned or
distributed by team. `links` is the graph itself: an *activity* (a task, a step, a
derivation or a revision) links the data it took to the data it gave.
"""

from __future__ import annotations

STATEMENTS = (
    # The teams' change counters: what caches, the page and cursors go by.
    """CREATE TABLE revisions (
        team_id BIGINT PRIMARY KEY,
        revision BIGINT NOT NULL,
        epoch BIGINT NOT NULL DEFAULT 0
    )""",
    # Uids are `<source>-<number>`: a source is stored once, and an edge's id is
    # source_id * 2^32 + number + 1 (or + 0 where a uid has no number).
    """CREATE TABLE sources (
        team_id BIGINT NOT NULL,
        source {key_text} NOT NULL,
        id {id},
        UNIQUE (team_id, source)
    )""",
    # Facts other than edges and log lines that were taken in.
    """CREATE TABLE seen (
        team_id BIGINT NOT NULL,
        id BIGINT NOT NULL,
        PRIMARY KEY (team_id, id)
    ) {clustered}""",
    """CREATE TABLE tasks (
        id {id},
        team_id BIGINT NOT NULL,
        number BIGINT NOT NULL,
        is_told SMALLINT NOT NULL DEFAULT 0,
        run {key_text},
        workspace_id BIGINT,
        name TEXT,
        status TEXT NOT NULL DEFAULT 'started',
        created_at DOUBLE PRECISION NOT NULL,
        started_at DOUBLE PRECISION,
        ended_at DOUBLE PRECISION,
        told_at DOUBLE PRECISION,
        host TEXT,
        user_name TEXT,
        pid BIGINT,
        python TEXT,
        git_commit TEXT,
        git_dirty SMALLINT,
        command TEXT,
        parent_run {key_text},
        error TEXT,
        traceback TEXT,
        card TEXT,
        next_step BIGINT NOT NULL DEFAULT 1,
        revision BIGINT NOT NULL DEFAULT 0
    )""",
    "CREATE UNIQUE INDEX tasks_number ON tasks (team_id, number)",
    "CREATE INDEX tasks_created ON tasks (team_id, created_at, id)",
    "CREATE INDEX tasks_revision ON tasks (team_id, revision)",
    """CREATE TABLE runs (
        team_id BIGINT NOT NULL,
        run {key_text} NOT NULL,
        task_id BIGINT NOT NULL,
        PRIMARY KEY (team_id, run)
    ) {clustered}""",
    # Steps: an activity's id is task_id * 2^24 + number; 0 is the task itself.
    """CREATE TABLE steps (
        team_id BIGINT NOT NULL,
        task_id BIGINT NOT NULL,
        number BIGINT NOT NULL,
        step {key_text} NOT NULL,
        parent BIGINT NOT NULL DEFAULT 0,
        name TEXT NOT NULL,
        started_at DOUBLE PRECISION NOT NULL,
        ended_at DOUBLE PRECISION,
        outcome TEXT,
        error TEXT,
        params TEXT,
        PRIMARY KEY (team_id, task_id, number)
    ) {clustered}""",
    "CREATE UNIQUE INDEX steps_key ON steps (team_id, step, task_id)",
    """CREATE TABLE entities (
        team_id BIGINT NOT NULL,
        kind {key_text} NOT NULL,
        ident {key_text} NOT NULL,
        id {id},
        name TEXT NOT NULL,
        is_model SMALLINT NOT NULL DEFAULT 0,
        versions BIGINT NOT NULL DEFAULT 0,
        latest_id BIGINT,
        latest_at DOUBLE PRECISION,
        UNIQUE (team_id, kind, ident)
    )""",
    "CREATE INDEX entities_versioned ON entities (team_id, id) WHERE versions > 1",
    # Nodes: one version of an entity each; distinguished by `version`.
    """CREATE TABLE nodes (
        id {id},
        team_id BIGINT NOT NULL,
        entity_id BIGINT NOT NULL,
        version {key_text} NOT NULL,
        ordinal BIGINT NOT NULL,
        label TEXT,
        task_id BIGINT,
        size BIGINT,
        digest {key_text},
        card TEXT,
        created_at DOUBLE PRECISION NOT NULL,
        deleted_at DOUBLE PRECISION
    )""",
    "CREATE UNIQUE INDEX nodes_version ON nodes (team_id, entity_id, version)",
    "CREATE INDEX nodes_digest ON nodes (team_id, digest) WHERE digest IS NOT NULL",
    "CREATE INDEX nodes_task ON nodes (team_id, task_id) WHERE task_id IS NOT NULL",
    "CREATE INDEX nodes_deleted ON nodes (team_id) WHERE deleted_at IS NOT NULL",
    # Edges as they were recorded; direction 0 is input, 1 is output.
    """CREATE TABLE edges (
        team_id BIGINT NOT NULL,
        id BIGINT NOT NULL,
        task_id BIGINT NOT NULL,
        step BIGINT NOT NULL,
        activity BIGINT NOT NULL,
        direction SMALLINT NOT NULL,
        node_id BIGINT NOT NULL,
        recorded_at DOUBLE PRECISION NOT NULL,
        user_name TEXT,
        meta TEXT,
        PRIMARY KEY (team_id, id)
    ) {clustered}""",
    "CREATE INDEX edges_task ON edges (team_id, task_id, direction, node_id)",
    """CREATE TABLE links (
        team_id BIGINT NOT NULL,
        activity BIGINT NOT NULL,
        direction SMALLINT NOT NULL,
        node_id BIGINT NOT NULL,
        since DOUBLE PRECISION NOT NULL,
        PRIMARY KEY (team_id, activity, direction, node_id)
    ) {clustered}""",
    "CREATE INDEX links_node ON links (team_id, node_id, direction, activity)",
    """CREATE TABLE logs (
        team_id BIGINT NOT NULL,
        task_id BIGINT NOT NULL,
        id BIGINT NOT NULL,
        logged_at DOUBLE PRECISION NOT NULL,
        level TEXT NOT NULL,
        message TEXT NOT NULL,
        PRIMARY KEY (team_id, task_id, id)
    ) {clustered}""",
    # What a search looks up: texts from each start of a word. A target is an
    # entity's id, or a task's id below zero.
    """CREATE TABLE terms (
        team_id BIGINT NOT NULL,
        term {key_text} NOT NULL,
        field SMALLINT NOT NULL,
        target BIGINT NOT NULL,
        PRIMARY KEY (team_id, term, field, target)
    ) {clustered}""",
    "CREATE INDEX terms_task ON terms (team_id, target) WHERE target < 0",
)

ONLY = {
    "sqlite": (
        (
            "CREATE TABLE counters (name TEXT PRIMARY KEY, value BIGINT NOT NULL)"
            " WITHOUT ROWID"
        ),
    ),
    # A partitioned or distributed table needs the team in every unique key.
    "postgresql": tuple(
        f"ALTER TABLE {table} ADD PRIMARY KEY (team_id, id)"
        for table in ("sources", "tasks", "entities", "nodes")
    )
    + tuple(
        f"CREATE SEQUENCE {name}_numbers"
        for name in ("sources", "tasks", "auto_tasks", "entities", "nodes")
    ),
}
