-- Operators, casts, operator classes, text search, foreign-data wrappers: each with what makes it.
WITH found AS (
    SELECT 'pg_operator'::regclass AS class, o.oid, o.oprowner AS owner,
           format('OPERATOR %I.%s (%s, %s)', n.nspname, o.oprname,
                  CASE o.oprleft WHEN 0 THEN 'NONE' ELSE format_type(o.oprleft, NULL) END,
                  CASE o.oprright WHEN 0 THEN 'NONE' ELSE format_type(o.oprright, NULL) END)
               AS target,
           ARRAY[format('CREATE OPERATOR %I.%s (%s)', n.nspname, o.oprname, concat_ws(', ',
               format('FUNCTION = %s', o.oprcode),
               'LEFTARG = ' || format_type(nullif(o.oprleft, 0), NULL),
               'RIGHTARG = ' || format_type(nullif(o.oprright, 0), NULL),
               'COMMUTATOR = ' || (SELECT format('OPERATOR(%I.%s)', x.nspname, p.oprname)
                   FROM pg_operator p JOIN pg_namespace x ON x.oid = p.oprnamespace
                   WHERE p.oid = o.oprcom),
               'NEGATOR = ' || (SELECT format('OPERATOR(%I.%s)', x.nspname, p.oprname)
                   FROM pg_operator p JOIN pg_namespace x ON x.oid = p.oprnamespace
                   WHERE p.oid = o.oprnegate),
               CASE WHEN o.oprrest <> 0 THEN format('RESTRICT = %s', o.oprrest) END,
               CASE WHEN o.oprjoin <> 0 THEN format('JOIN = %s', o.oprjoin) END,
               CASE WHEN o.oprcanhash THEN 'HASHES' END,
               CASE WHEN o.oprcanmerge THEN 'MERGES' END))] AS statements
    FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace
    WHERE o.oid >= 16384 AND o.oprcode <> 0
    UNION ALL
    SELECT 'pg_cast'::regclass, k.oid, NULL,
           format('CAST (%s AS %s)', format_type(k.castsource, NULL), format_type(k.casttarget, NULL)),
           ARRAY[format('CREATE CAST (%s AS %s) %s%s',
               format_type(k.castsource, NULL), format_type(k.casttarget, NULL),
               CASE k.castmethod WHEN 'f' THEN format('WITH FUNCTION %s', k.castfunc::regprocedure)
                                 WHEN 'i' THEN 'WITH INOUT' ELSE 'WITHOUT FUNCTION' END,
               CASE k.castcontext WHEN 'i' THEN ' AS IMPLICIT' WHEN 'a' THEN ' AS ASSIGNMENT'
                                  ELSE '' END)]
    FROM pg_cast k WHERE k.oid >= 16384
    UNION ALL
    SELECT 'pg_opfamily'::regclass, f.oid, f.opfowner,
           format('OPERATOR FAMILY %I.%I USING %I', n.nspname, f.opfname, m.amname),
           ARRAY[format('CREATE OPERATOR FAMILY %I.%I USING %I', n.nspname, f.opfname, m.amname)]
    FROM pg_opfamily f JOIN pg_namespace n ON n.oid = f.opfnamespace
    JOIN pg_am m ON m.oid = f.opfmethod
    WHERE f.oid >= 16384
    UNION ALL
    SELECT 'pg_opclass'::regclass, c.oid, c.opcowner,
           format('OPERATOR CLASS %I.%I USING %I', n.nspname, c.opcname, m.amname),
           ARRAY[format('CREATE OPERATOR CLASS %I.%I %sFOR TYPE %s USING %I FAMILY %I.%I AS %s',
               n.nspname, c.opcname, CASE WHEN c.opcdefault THEN 'DEFAULT ' ELSE '' END,
               format_type(c.opcintype, NULL), m.amname, fn.nspname, f.opfname,
               concat_ws(', ',
                   (SELECT string_agg(format('OPERATOR %s %s%s', e.amopstrategy,
                               e.amopopr::regoperator,
                               (SELECT format(' FOR ORDER BY %I.%I', sn.nspname, sf.opfname)
                                FROM pg_opfamily sf JOIN pg_namespace sn ON sn.oid = sf.opfnamespace
                                WHERE sf.oid = e.amopsortfamily)), ', '
                               ORDER BY e.amopstrategy, e.amopopr::regoperator::text)
                    FROM pg_amop e JOIN pg_depend d ON d.classid = 'pg_amop'::regclass
                         AND d.objid = e.oid AND d.refclassid = 'pg_opclass'::regclass
                         AND d.refobjid = c.oid AND d.deptype = 'i'),
                   (SELECT string_agg(format('FUNCTION %s (%s, %s) %s', e.amprocnum,
                               format_type(e.amproclefttype, NULL),
                               format_type(e.amprocrighttype, NULL), e.amproc::regprocedure), ', '
                               ORDER BY e.amprocnum, e.amproc::regprocedure::text)
                    FROM pg_amproc e JOIN pg_depend d ON d.classid = 'pg_amproc'::regclass
                         AND d.objid = e.oid AND d.refclassid = 'pg_opclass'::regclass
                         AND d.refobjid = c.oid AND d.deptype = 'i'),
                   'STORAGE ' || format_type(CASE WHEN c.opckeytype NOT IN (0, c.opcintype)
                                                  THEN c.opckeytype END, NULL)))]
    FROM pg_opclass c JOIN pg_namespace n ON n.oid = c.opcnamespace
    JOIN pg_am m ON m.oid = c.opcmethod
    JOIN pg_opfamily f ON f.oid = c.opcfamily JOIN pg_namespace fn ON fn.oid = f.opfnamespace
    WHERE c.oid >= 16384
    UNION ALL
    SELECT 'pg_ts_dict'::regclass, t.oid, t.dictowner,
           format('TEXT SEARCH DICTIONARY %I.%I', n.nspname, t.dictname),
           ARRAY[format('CREATE TEXT SEARCH DICTIONARY %I.%I (TEMPLATE = %I.%I%s)', n.nspname,
                        t.dictname, tn.nspname, p.tmplname, ', ' || t.dictinitoption)]
    FROM pg_ts_dict t JOIN pg_namespace n ON n.oid = t.dictnamespace
    JOIN pg_ts_template p ON p.oid = t.dicttemplate
    JOIN pg_namespace tn ON tn.oid = p.tmplnamespace
    WHERE t.oid >= 16384
    UNION ALL
    SELECT 'pg_ts_config'::regclass, t.oid, t.cfgowner,
           format('TEXT SEARCH CONFIGURATION %I.%I', n.nspname, t.cfgname),
           format('CREATE TEXT SEARCH CONFIGURATION %I.%I (PARSER = %I.%I)', n.nspname, t.cfgname,
                  pn.nspname, p.prsname)
           || ARRAY(SELECT format('ALTER TEXT SEARCH CONFIGURATION %I.%I ADD MAPPING FOR %s WITH %s',
                                  n.nspname, t.cfgname, k.alias,
                                  string_agg(e.mapdict::regdictionary::text, ', ' ORDER BY e.mapseqno))
                    FROM pg_ts_config_map e
                    JOIN ts_token_type(t.cfgparser) k ON k.tokid = e.maptokentype
                    WHERE e.mapcfg = t.oid GROUP BY k.alias ORDER BY k.alias)
    FROM pg_ts_config t JOIN pg_namespace n ON n.oid = t.cfgnamespace
    JOIN pg_ts_parser p ON p.oid = t.cfgparser JOIN pg_namespace pn ON pn.oid = p.prsnamespace
    WHERE t.oid >= 16384
    UNION ALL
    SELECT 'pg_foreign_data_wrapper'::regclass, w.oid, w.fdwowner,
           format('FOREIGN DATA WRAPPER %I', w.fdwname),
           ARRAY[concat_ws(' ', format('CREATE FOREIGN DATA WRAPPER %I', w.fdwname),
               CASE WHEN w.fdwhandler <> 0 THEN format('HANDLER %s', w.fdwhandler::regproc) END,
               CASE WHEN w.fdwvalidator <> 0 THEN format('VALIDATOR %s', w.fdwvalidator::regproc) END,
               -- Of a secret only that there is one.
               (SELECT format('OPTIONS (%s)', string_agg(format('%I %L', x.option_name,
                    CASE WHEN x.option_name ~* 'pass|secret|token' THEN '***'
                         ELSE x.option_value END), ', ' ORDER BY x.option_name))
                FROM pg_options_to_table(w.fdwoptions) x HAVING count(*) > 0))]
    FROM pg_foreign_data_wrapper w WHERE w.oid >= 16384
)
SELECT f.class::text AS class_, f.oid::int8 AS oid, i.type AS kind, i.identity AS name, f.target,
       f.statements, pg_get_userbyid(f.owner) AS owner, obj_description(f.oid, f.class::text) AS comment
FROM found f CROSS JOIN LATERAL pg_identify_object(f.class::oid, f.oid, 0) i
WHERE NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = f.class::oid AND e.objid = f.oid
                  AND e.deptype IN ('e', 'i'))
ORDER BY i.type, i.identity
