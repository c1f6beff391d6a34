"""The platform's objects, tokens and sessions beside the graph."""

from __future__ import annotations

STATEMENTS = (
    # A project, dataset, file, job or module, as its endpoints show it.
    """
    CREATE TABLE platform_things (
        team_id BIGINT NOT NULL,
        kind TEXT NOT NULL,
        id BIGINT NOT NULL,
        parent_id BIGINT,
        path {key_text},
        digest TEXT,
        body TEXT NOT NULL,
        PRIMARY KEY (team_id, kind, id)
    )
    """,
    "CREATE INDEX platform_things_parent ON platform_things (team_id, kind, parent_id)",
    "CREATE UNIQUE INDEX platform_things_path ON platform_things (team_id, kind, path)",
    "CREATE INDEX platform_things_digest ON platform_things (team_id, digest)",
    # What apps keep with a task: fields, output, meta; one JSON object each.
    """
    CREATE TABLE task_parts (
        team_id BIGINT NOT NULL,
        task_id BIGINT NOT NULL,
        part TEXT NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (team_id, task_id, part)
    )
    """,
    """
    CREATE TABLE task_files (
        team_id BIGINT NOT NULL,
        task_id BIGINT NOT NULL,
        name {key_text} NOT NULL,
        digest TEXT NOT NULL,
        size BIGINT NOT NULL,
        PRIMARY KEY (team_id, task_id, name)
    )
    """,
    "CREATE INDEX task_files_digest ON task_files (team_id, digest)",
    "CREATE TABLE teams (id BIGINT PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
    "INSERT INTO teams (id, name) VALUES (1, 'default')",
    """
    CREATE TABLE tokens (
        id BIGINT PRIMARY KEY,
        hash TEXT NOT NULL,
        teams TEXT NOT NULL,
        role TEXT NOT NULL,
        user_name TEXT,
        created_at DOUBLE PRECISION NOT NULL,
        revoked_at DOUBLE PRECISION
    )
    """,
    """
    CREATE TABLE page_sessions (
        hash TEXT PRIMARY KEY,
        token_id BIGINT NOT NULL,
        expires_at DOUBLE PRECISION NOT NULL
    )
    """,
)

_SERIES = (
    "platform_project", "platform_project_version", "platform_dataset",
    "platform_file", "platform_job", "platform_module", "platform_app",
    "platform_task", "tokens",
)  # fmt: skip

ONLY = {
    "postgresql": (
        *(f"CREATE SEQUENCE {name}_numbers" for name in _SERIES),
        "CREATE SEQUENCE teams_numbers START 2",
    ),
    # Team 1 is there from the start.
    "sqlite": ("INSERT INTO counters (name, value) VALUES ('teams', 1)",),
}
