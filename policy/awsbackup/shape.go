package awsbackup

import "holdfast/policy"

// bundle is a plan with its selections, which AWS Backup takes in calls of their own.
type bundle struct {
	Plan       plan        `yaml:"BackupPlan,required" json:"BackupPlan"`
	Selections []selection `yaml:"BackupSelections" json:"BackupSelections,omitempty"`
}

// wrappedSelection is one selection as calls carry it.
type wrappedSelection struct {
	Selection selection `yaml:"BackupSelection,required"`
}

type plan struct {
	Name             string               `yaml:"BackupPlanName,required" json:"BackupPlanName"`
	Rules            []rule               `yaml:"Rules,required" json:"Rules"`
	AdvancedSettings []advancedSetting    `yaml:"AdvancedBackupSettings" json:"AdvancedBackupSettings,omitempty"`
	ScanSettings     []policy.ScanSetting `yaml:"ScanSettings" json:"ScanSettings,omitempty"`
}

// advancedSetting has the options of one type of resources.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_AdvancedBackupSetting.html
type advancedSetting struct {
	ResourceType string            `yaml:"ResourceType,required" json:"ResourceType"`
	Options      map[string]string `yaml:"BackupOptions,required" json:"BackupOptions"`
}

type rule struct {
	Name              string              `yaml:"RuleName,required" json:"RuleName"`
	ID                string              `yaml:"RuleId" json:"-"` // in answers only
	Vault             string              `yaml:"TargetBackupVaultName,required" json:"TargetBackupVaultName"`
	AirGappedVaultARN string              `yaml:"TargetLogicallyAirGappedBackupVaultArn" json:"TargetLogicallyAirGappedBackupVaultArn,omitempty"`
	Schedule          string              `yaml:"ScheduleExpression" json:"ScheduleExpression,omitempty"`
	Timezone          string              `yaml:"ScheduleExpressionTimezone" json:"ScheduleExpressionTimezone,omitempty"`
	StartWindow       *int64              `yaml:"StartWindowMinutes" json:"StartWindowMinutes,omitempty"`
	CompletionWindow  *int64              `yaml:"CompletionWindowMinutes" json:"CompletionWindowMinutes,omitempty"`
	Lifecycle         *lifecycle          `yaml:"Lifecycle" json:"Lifecycle,omitempty"`
	PointTags         map[string]string   `yaml:"RecoveryPointTags" json:"RecoveryPointTags,omitempty"`
	Copies            []copyAction        `yaml:"CopyActions" json:"CopyActions,omitempty"`
	Continuous        *bool               `yaml:"EnableContinuousBackup" json:"EnableContinuousBackup,omitempty"`
	IndexActions      []indexAction       `yaml:"IndexActions" json:"IndexActions,omitempty"`
	ScanActions       []policy.ScanAction `yaml:"ScanActions" json:"ScanActions,omitempty"`
}

type lifecycle struct {
	Cold    *int64 `yaml:"MoveToColdStorageAfterDays" json:"MoveToColdStorageAfterDays,omitempty"`
	Delete  *int64 `yaml:"DeleteAfterDays" json:"DeleteAfterDays,omitempty"`
	Archive *bool  `yaml:"OptInToArchiveForSupportedResources" json:"OptInToArchiveForSupportedResources,omitempty"`
}

type copyAction struct {
	VaultARN  string     `yaml:"DestinationBackupVaultArn,required" json:"DestinationBackupVaultArn"`
	Lifecycle *lifecycle `yaml:"Lifecycle" json:"Lifecycle,omitempty"`
}

// indexAction holds one type: the API takes one a rule, policies of Organizations list
// several.
type indexAction struct {
	ResourceTypes []string `yaml:"ResourceTypes" json:"ResourceTypes,omitempty"`
}

type selection struct {
	Name         string         `yaml:"SelectionName,required" json:"SelectionName"`
	RoleARN      string         `yaml:"IamRoleArn,required" json:"IamRoleArn"`
	Resources    []string       `yaml:"Resources" json:"Resources,omitempty"`
	NotResources []string       `yaml:"NotResources" json:"NotResources,omitempty"`
	ListOfTags   []tagCondition `yaml:"ListOfTags" json:"ListOfTags,omitempty"`
	Conditions   *conditions    `yaml:"Conditions" json:"Conditions,omitempty"`
}

type tagCondition struct {
	Type  string `yaml:"ConditionType,required" json:"ConditionType"`
	Key   string `yaml:"ConditionKey,required" json:"ConditionKey"`
	Value string `yaml:"ConditionValue,required" json:"ConditionValue"`
}

type conditions struct {
	Equals    []condition `yaml:"StringEquals" json:"StringEquals,omitempty"`
	NotEquals []condition `yaml:"StringNotEquals" json:"StringNotEquals,omitempty"`
	Like      []condition `yaml:"StringLike" json:"StringLike,omitempty"`
	NotLike   []condition `yaml:"StringNotLike" json:"StringNotLike,omitempty"`
}

type condition struct {
	Key   string `yaml:"ConditionKey,required" json:"ConditionKey"`
	Value string `yaml:"ConditionValue,required" json:"ConditionValue"`
}

// answerKeys stand beside a plan or selection in requests and answers and say nothing
// about what it does.
var answerKeys = []string{
	"BackupPlanId", "BackupPlanArn", "VersionId", "CreatorRequestId", "CreationDate", "DeletionDate", "LastExecutionDate",
	"AdvancedBackupSettings", "BackupPlanTags", "SelectionId", "ScheduledRunsPreview",
}
