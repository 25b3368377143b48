package backup

import (
	"cmp"
	"maps"
	"regexp"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"

	"holdfast/resource"
	"holdfast/sim/internal/cloud"
)

// maxPage is the most items a page of any listing has.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_ListBackupJobs.html
const maxPage = 1000

var vaultNameOK = regexp.MustCompile(`^[a-zA-Z0-9\-_]{2,50}$`)

type vault struct {
	name, arn string
	place     cloud.Place
	key       string
	tags      map[string]string
	requestID string
	min, max  *int64 // days, of the lock
	locked    bool
	held      bool // by a legal hold
}

func vaultARN(c *cloud.Call, name string) string { return c.ARN("backup", "backup-vault:"+name) }

func (s *Service) createVault(c *cloud.Call, in *backup.CreateBackupVaultInput) (*backup.CreateBackupVaultOutput, error) {
	name := aws.ToString(in.BackupVaultName)
	if !vaultNameOK.MatchString(name) {
		return nil, invalid("the vault name %q must have 2 to 50 of a-z, A-Z, 0-9, - and _", name)
	}
	if v, taken := s.vaults.Get(c.Place, name); taken {
		if v.requestID != "" && v.requestID == aws.ToString(in.CreatorRequestId) {
			return &backup.CreateBackupVaultOutput{BackupVaultName: &v.name, BackupVaultArn: &v.arn}, nil
		}
		return nil, &types.AlreadyExistsException{Message: aws.String("Backup vault with the same name already exists"), Arn: &v.arn}
	}
	v := &vault{
		name: name, arn: vaultARN(c, name), place: c.Place, tags: maps.Clone(in.BackupVaultTags),
		key: cmp.Or(aws.ToString(in.EncryptionKeyArn), c.ARN("kms", "key/aws-backup")), requestID: aws.ToString(in.CreatorRequestId),
	}
	s.vaults.Put(c.Place, name, v)
	return &backup.CreateBackupVaultOutput{BackupVaultName: &v.name, BackupVaultArn: &v.arn}, nil
}

func (s *Service) vault(c *cloud.Call, name *string) (*vault, error) {
	v, ok := s.vaults.Get(c.Place, aws.ToString(name))
	if !ok {
		return nil, notFound("Backup vault", aws.ToString(name))
	}
	return v, nil
}

// vaultByARN returns a vault that may be in another place.
func (s *Service) vaultByARN(c *cloud.Call, given *string) (*vault, error) {
	parsed, err := resource.ParseARN(aws.ToString(given))
	place := cloud.Place{Account: parsed.Account, Region: parsed.Region}
	if err != nil || !c.HasPlace(place) {
		return nil, invalid("%q is not the ARN of a vault in this organization", aws.ToString(given))
	}
	for _, v := range s.vaults.In(place) {
		if v.arn == *given {
			return v, nil
		}
	}
	return nil, notFound("Backup vault", *given)
}

func (s *Service) describeVault(c *cloud.Call, in *backup.DescribeBackupVaultInput) (*backup.DescribeBackupVaultOutput, error) {
	v, err := s.vault(c, in.BackupVaultName)
	if err != nil {
		return nil, err
	}
	return &backup.DescribeBackupVaultOutput{
		BackupVaultName: &v.name, BackupVaultArn: &v.arn, EncryptionKeyArn: &v.key,
		Locked: &v.locked, MinRetentionDays: v.min, MaxRetentionDays: v.max,
	}, nil
}

func (s *Service) listVaults(c *cloud.Call, in *backup.ListBackupVaultsInput) (*backup.ListBackupVaultsOutput, error) {
	page, next, err := pageOf(s.vaults.In(c.Place), func(v *vault) string { return v.name }, in.NextToken, in.MaxResults)
	if err != nil {
		return nil, err
	}
	out := &backup.ListBackupVaultsOutput{NextToken: next}
	for _, v := range page {
		out.BackupVaultList = append(out.BackupVaultList, types.BackupVaultListMember{
			BackupVaultName: &v.name, BackupVaultArn: &v.arn, EncryptionKeyArn: &v.key, Locked: &v.locked,
			MinRetentionDays: v.min, MaxRetentionDays: v.max,
		})
	}
	return out, nil
}

// managed are the types whose points AWS Backup makes itself where the account wants it so;
// here every account does, unless it says otherwise.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_UpdateRegionSettings.html
var managed = []string{"DynamoDB", "EFS"}

func (s *Service) describeSettings(c *cloud.Call, _ *backup.DescribeRegionSettingsInput) (*backup.DescribeRegionSettingsOutput, error) {
	out := &backup.DescribeRegionSettingsOutput{ResourceTypeManagementPreference: map[string]bool{}}
	for _, name := range managed {
		set, ok := s.settings.Get(c.Place, name)
		out.ResourceTypeManagementPreference[name] = set || !ok
	}
	return out, nil
}

func (s *Service) updateSettings(c *cloud.Call, in *backup.UpdateRegionSettingsInput) (*backup.UpdateRegionSettingsOutput, error) {
	for name, on := range in.ResourceTypeManagementPreference {
		if !slices.Contains(managed, name) {
			return nil, invalid("%s has no management preference", name)
		}
		s.settings.Put(c.Place, name, on)
	}
	return &backup.UpdateRegionSettingsOutput{}, nil
}

// lockVault locks at once; a lock is never taken back here.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/vault-lock.html
func (s *Service) lockVault(c *cloud.Call, in *backup.PutBackupVaultLockConfigurationInput) (*backup.PutBackupVaultLockConfigurationOutput, error) {
	v, err := s.vault(c, in.BackupVaultName)
	if err != nil {
		return nil, err
	}
	v.locked, v.min, v.max = true, in.MinRetentionDays, in.MaxRetentionDays
	return &backup.PutBackupVaultLockConfigurationOutput{}, nil
}

// createLegalHold holds whole vaults.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/legalhold.html
func (s *Service) createLegalHold(c *cloud.Call, in *backup.CreateLegalHoldInput) (*backup.CreateLegalHoldOutput, error) {
	if in.RecoveryPointSelection == nil {
		return nil, missing("RecoveryPointSelection")
	}
	for _, name := range in.RecoveryPointSelection.VaultNames {
		v, err := s.vault(c, &name)
		if err != nil {
			return nil, err
		}
		v.held = true
	}
	return &backup.CreateLegalHoldOutput{Title: in.Title, Status: types.LegalHoldStatusActive}, nil
}

// outside says why the lock of the vault forbids a retention; "" when it does not.
func (v *vault) outside(days *int64) string {
	switch {
	case !v.locked:
		return ""
	case v.max != nil && (days == nil || *days < 0 || *days > *v.max):
		return "Retention period exceeds the maximum retention of the locked vault"
	case v.min != nil && days != nil && *days >= 0 && *days < *v.min:
		return "Retention period is below the minimum retention of the locked vault"
	default:
		return ""
	}
}

// pageOf cuts a page out of items, which need not be ordered.
func pageOf[T any](items []T, key func(T) string, token *string, limit *int32) (page []T, next *string, err error) {
	slices.SortFunc(items, func(a, b T) int { return cmp.Compare(key(a), key(b)) })
	page, more, err := cloud.Page(items, key, aws.ToString(token), min(int(cmp.Or(aws.ToInt32(limit), maxPage)), maxPage))
	if more != "" {
		next = &more
	}
	return page, next, err
}
