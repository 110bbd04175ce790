-- Who needs what, beyond what other queries tell (keys, parents, owned sequences). A part of a
-- relation (a rule, a default, a constraint, a policy, a trigger) comes with its relation's oid, and
-- with its name or column.
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
                tg.tgname, CASE WHEN x.oid IS NOT NULL THEN format('%I.%I', xn.nspname, x.stxname)
                END)::text AS name,
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
FROM pg_depend d
LEFT JOIN pg_class c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid
LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
LEFT JOIN pg_attrdef ad ON d.classid = 'pg_attrdef'::regclass AND ad.oid = d.objid
LEFT JOIN pg_constraint k ON d.classid = 'pg_constraint'::regclass AND k.oid = d.objid
LEFT JOIN pg_policy pol ON d.classid = 'pg_policy'::regclass AND pol.oid = d.objid
LEFT JOIN pg_trigger tg ON d.classid = 'pg_trigger'::regclass AND tg.oid = d.objid
LEFT JOIN pg_statistic_ext x ON d.classid = 'pg_statistic_ext'::regclass AND x.oid = d.objid
LEFT JOIN pg_namespace xn ON xn.oid = x.stxnamespace
LEFT JOIN pg_type st ON d.refclassid = 'pg_type'::regclass AND st.oid = d.refobjid
LEFT JOIN pg_type rt ON rt.oid = CASE WHEN st.typcategory = 'A' AND st.typelem <> 0
                                      THEN st.typelem ELSE st.oid END
LEFT JOIN pg_class rc ON rc.oid = rt.typrelid
LEFT JOIN pg_constraint rk ON d.refclassid = 'pg_constraint'::regclass AND rk.oid = d.refobjid
LEFT JOIN pg_depend oc ON d.classid IN ('pg_amop'::regclass, 'pg_amproc'::regclass)
      AND oc.classid = d.classid AND oc.objid = d.objid AND oc.deptype = 'i'
      AND oc.refclassid = 'pg_opclass'::regclass
-- What belongs to an extension stands for it.
LEFT JOIN pg_depend m ON m.classid = d.refclassid AND m.objid = coalesce(rt.oid, d.refobjid)
      AND m.deptype = 'e' AND m.refclassid = 'pg_extension'::regclass
LEFT JOIN pg_extension ext ON ext.oid = m.refobjid
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
  -- What the nouns tell: keys, columns of checks and indexes, a default's own column.
  -- (A constraint's own table first: it rules out most rows before the joins that follow.)
  AND NOT (k.oid IS NOT NULL AND d.refclassid = 'pg_class'::regclass AND d.refobjid = k.conrelid)
  AND (k.oid IS NULL OR ext.oid IS NOT NULL
       OR d.refclassid IN ('pg_operator'::regclass, 'pg_opclass'::regclass)
       OR k.contype = 'c' AND k.conrelid <> d.refobjid)
  AND NOT (ad.adrelid IS NOT NULL AND d.refobjid = ad.adrelid AND d.refobjsubid = ad.adnum)
  AND NOT (tg.oid IS NOT NULL AND tg.tgisinternal)
  AND NOT (r.oid IS NOT NULL AND d.refobjid = r.ev_class)
  AND NOT (d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
           -- But for generated columns, and what is in expressions of indexes.
           AND NOT (d.refobjid = d.objid AND d.objsubid > 0)
           AND NOT (c.relkind IN ('i', 'I') AND d.refobjsubid > 0
                    AND EXISTS (SELECT FROM pg_index i WHERE i.indexrelid = c.oid
                                AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL))))
  AND NOT (d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_constraint'::regclass)
ORDER BY 1, 2, 3, 4, 5, 6, 7, 8
