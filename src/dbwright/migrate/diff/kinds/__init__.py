"""Every kind of object that is compared."""

from __future__ import annotations

from functools import lru_cache

from dbwright.migrate.diff.kinds.collations import CollationKind
from dbwright.migrate.diff.kinds.columns import ColumnKind, DefaultKind
from dbwright.migrate.diff.kinds.constraints import (
    CheckKind,
    ExclusionKind,
    ForeignKeyKind,
    KeyKind,
    NotNullKind,
)
from dbwright.migrate.diff.kinds.extensions import ExtensionKind
from dbwright.migrate.diff.kinds.foreign_data import ForeignServerKind, UserMappingKind
from dbwright.migrate.diff.kinds.functions import FunctionKind
from dbwright.migrate.diff.kinds.indexes import IndexKind
from dbwright.migrate.diff.kinds.kind import Kind
from dbwright.migrate.diff.kinds.links import (
    ClusterKind,
    InheritanceKind,
    OfTypeKind,
    PartitionKind,
    ReplicaIdentityKind,
)
from dbwright.migrate.diff.kinds.not_null_names import NotNullNameKind
from dbwright.migrate.diff.kinds.other_objects import OtherObjectKind
from dbwright.migrate.diff.kinds.others import (
    DefaultPrivilegeKind,
    PublicationKind,
    StatisticsKind,
)
from dbwright.migrate.diff.kinds.schemas import SchemaKind
from dbwright.migrate.diff.kinds.sequences import OwnershipKind, SequenceKind
from dbwright.migrate.diff.kinds.tables import TableItems
from dbwright.migrate.diff.kinds.triggers import (
    EventTriggerKind,
    InheritedTriggerKind,
    PolicyKind,
    RuleKind,
    TriggerKind,
)
from dbwright.migrate.diff.kinds.types import DomainCheckKind, TypeItems
from dbwright.migrate.diff.kinds.views import MaterializedViewKind, ViewColumnKind, ViewKind

__all__ = ["all_kinds"]


@lru_cache(maxsize=1)
def all_kinds() -> dict[str, Kind]:
    """By key, in the order in which their objects are made where nothing else decides."""
    found: tuple[Kind, ...] = (
        SchemaKind(),
        DefaultPrivilegeKind(),
        ExtensionKind(),
        CollationKind(),
        ForeignServerKind(),
        UserMappingKind(),
        TypeItems(),
        DomainCheckKind(),
        FunctionKind(),
        OtherObjectKind(),
        SequenceKind(),
        TableItems(),
        OwnershipKind(),
        InheritanceKind(),
        OfTypeKind(),
        PartitionKind(),
        ReplicaIdentityKind(),
        ClusterKind(),
        ColumnKind(),
        DefaultKind(),
        CheckKind(),
        KeyKind(),
        NotNullKind(),
        NotNullNameKind(),
        ExclusionKind(),
        MaterializedViewKind(),
        IndexKind(),
        StatisticsKind(),
        ViewKind(),
        ViewColumnKind(),
        RuleKind(),
        ForeignKeyKind(),
        TriggerKind(),
        InheritedTriggerKind(),
        PolicyKind(),
        PublicationKind(),
        EventTriggerKind(),
    )
    return {kind.key: kind for kind in sorted(found, key=lambda kind: kind.rank)}
