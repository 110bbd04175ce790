"""Who is who in a query: scopes, relations, predicates, joins, keys, with every name resolved."""

from __future__ import annotations

from dbwright.sql.scope.analyse import analyse
from dbwright.sql.scope.relations import CatalogRelations, Relations
from dbwright.sql.scope.statement import Scope, Statement

__all__ = ["CatalogRelations", "Relations", "Scope", "Statement", "analyse"]
