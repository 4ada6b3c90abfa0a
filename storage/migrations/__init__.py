"""List the migrations in order; each runs once, in a transaction, and is never edited after its release."""

from typing import NamedTuple

from storage.migrations import m0001_first, m0001_rules, m0002_people
from storage.session import POSTGRESQL, SQLITE, schema_text


class Migration(NamedTuple):
    """Hold the statements of one migration for both engines."""

    name: str
    tables: tuple[str, ...]
    rules_sqlite: tuple[str, ...]
    rules_postgresql: tuple[str, ...]

    def statements(self, engine: str) -> list[str]:
        """Return the statements for one engine, tables first."""
        rules = {SQLITE: self.rules_sqlite, POSTGRESQL: self.rules_postgresql}[engine]
        return [*(schema_text(table, engine) for table in self.tables), *rules]


MIGRATIONS = (
    Migration(m0001_first.NAME, m0001_first.TABLES, m0001_rules.SQLITE, m0001_rules.POSTGRESQL),
    Migration(m0002_people.NAME, m0002_people.TABLES, m0002_people.SQLITE, m0002_people.POSTGRESQL),
)
