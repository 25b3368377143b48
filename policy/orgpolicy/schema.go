package orgpolicy

// spec says what one place of a backup policy may hold: a setting, or a container whose
// keys are fixed (fields) or names people choose (each).
type spec struct {
	fields  map[string]*spec
	each    *spec
	name    check // of the keys of each
	setting bool
	list    bool
	value   check
	// notEmpty containers must hold something: without it they mean nothing.
	notEmpty bool
}

func container(fields map[string]*spec) *spec { return &spec{fields: fields} }

func named(each *spec, name check) *spec { return &spec{each: each, name: name} }

func one(value check) *spec { return &spec{setting: true, value: value} }

func many(value check) *spec { return &spec{setting: true, list: true, value: value} }

// The keys of a backup policy that the checks and conversions name.
const (
	keyPlans      = "plans"
	keyRegions    = "regions"
	keyRules      = "rules"
	keySelections = "selections"
	keyTags       = "tags"
	keyResources  = "resources"

	keySchedule   = "schedule_expression"
	keyTimezone   = "schedule_expression_timezone"
	keyStart      = "start_backup_window_minutes"
	keyComplete   = "complete_backup_window_minutes"
	keyContinuous = "enable_continuous_backup"
	keyVault      = "target_backup_vault_name"
	keyAirGapped  = "target_logically_air_gapped_backup_vault_arn"
	keyLifecycle  = "lifecycle"
	keyCold       = "move_to_cold_storage_after_days"
	keyDelete     = "delete_after_days"
	keyArchive    = "opt_in_to_archive_for_supported_resources"
	keyCopies     = "copy_actions"
	keyCopyTarget = "target_backup_vault_arn"
	keyPointTags  = "recovery_point_tags"
	keyIndex      = "index_actions"
	keyScan       = "scan_actions"
	keyAdvanced   = "advanced_backup_settings"
	keyPlanTags   = "backup_plan_tags"
	keyScanning   = "scan_settings"
	keyScanRole   = "scanner_role_arn"
	keyScanMode   = "scan_mode"

	keyRole          = "iam_role_arn"
	keyTagKey        = "tag_key"
	keyTagValue      = "tag_value"
	keyResourceTypes = "resource_types"
	keyNotResources  = "not_resource_types"
	keyConditions    = "conditions"
	keyCondition     = "condition_key"
	keyValue         = "condition_value"
)

// backupSchema is the syntax of a backup policy.
// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_backup_syntax.html
var backupSchema = container(map[string]*spec{keyPlans: named(planSpec(), planName)})

func planSpec() *spec {
	return container(map[string]*spec{
		keyRegions: many(region),
		keyRules:   named(ruleSpec(), ruleName),
		keySelections: container(map[string]*spec{
			keyTags: named(container(map[string]*spec{
				keyRole: one(roleARN), keyTagKey: one(tagKey), keyTagValue: many(tagValue), keyConditions: conditionsSpec(),
			}), selectionName),
			keyResources: named(container(map[string]*spec{
				keyRole: one(roleARN), keyResourceTypes: many(arnPattern), keyNotResources: many(arnPattern), keyConditions: conditionsSpec(),
			}), selectionName),
		}),
		keyPlanTags: named(tagSpec(), anyName),
		// The keys are types of resources; new ones may come.
		keyAdvanced: named(container(map[string]*spec{
			"windows_vss": one(oneOf("enabled", "disabled")), "backup_acls": one(oneOf("enabled", "disabled")),
			"backup_object_tags": one(oneOf("enabled", "disabled")),
		}), anyName),
		keyScanning: named(container(map[string]*spec{
			keyResourceTypes: many(oneOf("EBS", "EC2", "S3", "ALL")), keyScanRole: one(roleARN),
		}), anyName),
	})
}

func ruleSpec() *spec {
	copyAction := container(map[string]*spec{keyCopyTarget: one(vaultARN), keyLifecycle: lifecycleSpec()})
	copyAction.notEmpty = true // an empty one would vanish, and the copy with it
	return container(map[string]*spec{
		keySchedule:   one(schedule),
		keyTimezone:   one(timezone),
		keyStart:      one(window),
		keyComplete:   one(window),
		keyContinuous: one(oneOf("true", "false")),
		keyVault:      one(vaultName),
		keyAirGapped:  one(vaultARN),
		keyLifecycle:  lifecycleSpec(),
		keyCopies:     named(copyAction, copyName),
		keyPointTags:  named(tagSpec(), anyName),
		keyIndex:      container(map[string]*spec{keyResourceTypes: many(oneOf("EBS", "S3"))}),
		keyScan:       named(container(map[string]*spec{keyScanMode: one(oneOf("FULL_SCAN", "INCREMENTAL_SCAN"))}), anyName),
	})
}

func lifecycleSpec() *spec {
	return container(map[string]*spec{keyCold: one(days), keyDelete: one(days), keyArchive: one(oneOf("true", "false"))})
}

func tagSpec() *spec {
	return container(map[string]*spec{keyTagKey: one(tagKey), keyTagValue: one(tagValue)})
}

func conditionsSpec() *spec {
	condition := container(map[string]*spec{keyCondition: one(conditionKey), keyValue: one(tagValue)})
	operators := map[string]*spec{}
	for _, name := range conditionOperators {
		operators[name] = named(condition, anyName)
	}
	return container(operators)
}

var conditionOperators = []string{"string_equals", "string_not_equals", "string_like", "string_not_like"}
