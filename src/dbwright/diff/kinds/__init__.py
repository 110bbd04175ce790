"""Every kind of object that is compared."""

from __future__ import annotations

from functools import lru_cache

from dbwright.diff.kinds.collations import CollationKind
from dbwright.diff.kinds.columns import ColumnKind, DefaultKind
from dbwright.diff.kinds.constraints import (
    CheckKind,
    ExclusionKind,
    ForeignKeyKind,
    KeyKind,
    NotNullKind,
)
from dbwright.diff.kinds.extensions import ExtensionKind
from dbwright.diff.kinds.foreign_data import ForeignServerKind, UserMappingKind
from dbwright.diff.kinds.functions import FunctionKind
from dbwright.diff.kinds.indexes import IndexKind
from dbwright.diff.kinds.kind import Kind
from dbwright.diff.kinds.links import (
    ClusterKind,
    InheritanceKind,
    OfTypeKind,
    PartitionKind,
    ReplicaIdentityKind,
)
from dbwright.diff.kinds.not_null_names import NotNullNameKind
from dbwright.diff.kinds.other_objects import OtherObjectKind
from dbwright.diff.kinds.others import (
    DefaultPrivilegeKind,
    PublicationKind,
    StatisticsKind,
)
from dbwright.diff.kinds.schemas import SchemaKind
from dbwright.diff.kinds.sequences import OwnershipKind, SequenceKind
from dbwright.diff.kinds.tables import TableItems
from dbwright.diff.kinds.triggers import (
    EventTriggerKind,
    InheritedTriggerKind,
    PolicyKind,
    RuleKind,
    TriggerKind,
)
from dbwright.diff.kinds.types import DomainCheckKind, TypeItems
from dbwright.diff.kinds.views import MaterializedViewKind, ViewColumnKind, ViewKind

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
