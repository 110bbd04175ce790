-- Who needs what, beyond what other queries tell (keys, parents, owned sequences). A part of a
-- relation (a rule, a default, a constraint, a policy, a trigger) comes with its relation's oid, and
-- with its name or column.
--
-- Of a large schema's pg_depend nearly all is told by the nouns. What the row alone tells to be so is
-- left out before anything is joined: an automatic dependency of a constraint or a default is that on
-- its own table or column, one of an index on a column is one of its keys.
WITH d AS MATERIALIZED (
    SELECT * FROM pg_depend d
    WHERE d.refobjid >= 16384 AND d.deptype IN ('n', 'a')
      AND d.refclassid IN ('pg_class'::regclass, 'pg_proc'::regclass, 'pg_type'::regclass,
                           'pg_constraint'::regclass, 'pg_collation'::regclass,
                           'pg_operator'::regclass, 'pg_opclass'::regclass, 'pg_opfamily'::regclass,
                           'pg_ts_config'::regclass, 'pg_ts_dict'::regclass, 'pg_cast'::regclass,
                           'pg_foreign_data_wrapper'::regclass)
      AND d.classid IN ('pg_class'::regclass, 'pg_proc'::regclass, 'pg_type'::regclass,
                        'pg_rewrite'::regclass, 'pg_attrdef'::regclass, 'pg_constraint'::regclass,
                        'pg_policy'::regclass, 'pg_trigger'::regclass, 'pg_statistic_ext'::regclass,
                        'pg_operator'::regclass, 'pg_opclass'::regclass, 'pg_cast'::regclass,
                        'pg_amop'::regclass, 'pg_amproc'::regclass, 'pg_ts_config'::regclass,
                        'pg_ts_dict'::regclass, 'pg_foreign_data_wrapper'::regclass)
      AND NOT (d.deptype = 'a' AND d.refclassid = 'pg_class'::regclass
               AND d.classid IN ('pg_constraint'::regclass, 'pg_attrdef'::regclass))
      AND NOT (d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
               -- But for generated columns, and what is in expressions of indexes.
               AND NOT (d.refobjid = d.objid AND d.objsubid > 0)
               AND NOT (d.refobjsubid > 0 AND d.objid IN (
                   SELECT i.indexrelid FROM pg_index i
                   WHERE i.indexprs IS NOT NULL OR i.indpred IS NOT NULL)))
      AND NOT (d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_constraint'::regclass)
)
SELECT DISTINCT
       CASE WHEN r.oid IS NOT NULL THEN CASE WHEN r.rulename = '_RETURN' THEN 'relation' ELSE 'rule' END
            WHEN ad.oid IS NOT NULL THEN 'default'
            WHEN k.oid IS NOT NULL THEN CASE WHEN k.conrelid = 0 THEN 'domain constraint'
                                        ELSE 'constraint' END
            WHEN pol.oid IS NOT NULL THEN 'policy'
            WHEN tg.oid IS NOT NULL THEN 'trigger'
            WHEN d.classid = 'pg_class'::regclass THEN
                CASE WHEN c.relkind = 'c' THEN 'type' WHEN c.relkind IN ('i', 'I') THEN 'index'
                     ELSE 'relation' END
            WHEN d.classid = 'pg_proc'::regclass THEN 'function'
            WHEN d.classid = 'pg_type'::regclass THEN 'type'
            WHEN d.classid = 'pg_statistic_ext'::regclass THEN 'statistics'
            WHEN oc.refobjid IS NOT NULL THEN 'pg_opclass'
            ELSE d.classid::regclass::text
       END AS kind,
       coalesce(oc.refobjid, r.ev_class, ad.adrelid, nullif(k.conrelid, 0), nullif(k.contypid, 0), pol.polrelid,
                tg.tgrelid, CASE WHEN c.relkind = 'c' THEN c.reltype END, d.objid)::int8 AS oid,
       coalesce(ad.adnum::int, CASE WHEN c.relkind = 'c' THEN 0 ELSE d.objsubid END) AS part,
       coalesce(CASE WHEN r.rulename <> '_RETURN' THEN r.rulename END, k.conname, pol.polname,
                tg.tgname, x.name)::text AS name,
       CASE WHEN ext.oid IS NOT NULL THEN 'extension'
            WHEN rt.typrelid <> 0 AND rc.relkind <> 'c' OR d.refclassid = 'pg_class'::regclass
            THEN 'relation'
            WHEN d.refclassid = 'pg_proc'::regclass THEN 'function'
            WHEN d.refclassid = 'pg_type'::regclass THEN 'type'
            WHEN d.refclassid = 'pg_constraint'::regclass THEN 'constraint'
            WHEN d.refclassid = 'pg_collation'::regclass THEN 'collation'
            ELSE d.refclassid::regclass::text END AS needs_kind,
       -- An array is as its element, a multirange as its range, a row as its relation.
       (CASE WHEN rt.typrelid <> 0 AND rc.relkind <> 'c' THEN rt.typrelid
             WHEN rk.oid IS NOT NULL THEN rk.conrelid
             WHEN rt.oid IS NULL THEN d.refobjid
             ELSE {% if v >= 14 %}coalesce((SELECT g.rngtypid FROM pg_range g
                            WHERE g.rngmultitypid = rt.oid), rt.oid){% else %}rt.oid{% endif %} END
       )::int8 AS needs_oid,
       d.refobjsubid AS needs_part, coalesce(ext.extname, rk.conname)::text AS needs_name
FROM d
-- Few rows are left, which the planner can't know: OFFSET 0 has it look each up instead of reading all
-- of a large catalog.
LEFT JOIN LATERAL (SELECT * FROM pg_class o WHERE d.classid = 'pg_class'::regclass
                   AND o.oid = d.objid OFFSET 0) c ON true
LEFT JOIN LATERAL (SELECT * FROM pg_rewrite o WHERE d.classid = 'pg_rewrite'::regclass
                   AND o.oid = d.objid OFFSET 0) r ON true
LEFT JOIN LATERAL (SELECT * FROM pg_attrdef o WHERE d.classid = 'pg_attrdef'::regclass
                   AND o.oid = d.objid OFFSET 0) ad ON true
LEFT JOIN LATERAL (SELECT * FROM pg_constraint o WHERE d.classid = 'pg_constraint'::regclass
                   AND o.oid = d.objid OFFSET 0) k ON true
LEFT JOIN LATERAL (SELECT * FROM pg_policy o WHERE d.classid = 'pg_policy'::regclass
                   AND o.oid = d.objid OFFSET 0) pol ON true
LEFT JOIN LATERAL (SELECT * FROM pg_trigger o WHERE d.classid = 'pg_trigger'::regclass
                   AND o.oid = d.objid OFFSET 0) tg ON true
LEFT JOIN LATERAL (SELECT o.oid, format('%I.%I', n.nspname, o.stxname) AS name
                   FROM pg_statistic_ext o JOIN pg_namespace n ON n.oid = o.stxnamespace
                   WHERE d.classid = 'pg_statistic_ext'::regclass
                   AND o.oid = d.objid OFFSET 0) x ON true
LEFT JOIN LATERAL (SELECT * FROM pg_type o WHERE d.refclassid = 'pg_type'::regclass
                   AND o.oid = d.refobjid OFFSET 0) st ON true
LEFT JOIN LATERAL (SELECT * FROM pg_type o
                   WHERE o.oid = CASE WHEN st.typcategory = 'A' AND st.typelem <> 0
                                      THEN st.typelem ELSE st.oid END OFFSET 0) rt ON true
LEFT JOIN LATERAL (SELECT * FROM pg_class o WHERE o.oid = rt.typrelid OFFSET 0) rc ON true
LEFT JOIN LATERAL (SELECT * FROM pg_constraint o WHERE d.refclassid = 'pg_constraint'::regclass
                   AND o.oid = d.refobjid OFFSET 0) rk ON true
LEFT JOIN LATERAL (SELECT o.refobjid FROM pg_depend o
                   WHERE d.classid IN ('pg_amop'::regclass, 'pg_amproc'::regclass)
                   AND o.classid = d.classid AND o.objid = d.objid AND o.deptype = 'i'
                   AND o.refclassid = 'pg_opclass'::regclass OFFSET 0) oc ON true
-- What belongs to an extension stands for it.
LEFT JOIN LATERAL (SELECT e.oid, e.extname
                   FROM pg_depend o JOIN pg_extension e ON e.oid = o.refobjid
                   WHERE o.classid = d.refclassid AND o.objid = coalesce(rt.oid, d.refobjid)
                   AND o.deptype = 'e' AND o.refclassid = 'pg_extension'::regclass
                   OFFSET 0) ext ON true
-- What the nouns tell: keys, columns of checks and indexes, a default's own column.
WHERE NOT (k.oid IS NOT NULL AND d.refclassid = 'pg_class'::regclass AND d.refobjid = k.conrelid)
  AND (k.oid IS NULL OR ext.oid IS NOT NULL
       OR d.refclassid IN ('pg_operator'::regclass, 'pg_opclass'::regclass)
       OR k.contype = 'c' AND k.conrelid <> d.refobjid)
  AND NOT (ad.adrelid IS NOT NULL AND d.refobjid = ad.adrelid AND d.refobjsubid = ad.adnum)
  AND NOT (tg.oid IS NOT NULL AND tg.tgisinternal)
  AND NOT (r.oid IS NOT NULL AND d.refobjid = r.ev_class
           AND (r.rulename = '_RETURN' OR d.refobjsubid = 0))
ORDER BY 1, 2, 3, 4, 5, 6, 7, 8
