package policy

import (
	"regexp"
	"strings"

	"holdfast/resource"
)

var validRegion = regexp.MustCompile(`^[a-z]{2}(-[a-z]+){1,3}-[0-9]{1,2}$`)

// ValidRegion reports whether name has the form of a region, as in eu-west-1.
func ValidRegion(name string) bool { return validRegion.MatchString(name) }

const (
	vaultARNShape = "arn:aws:backup:REGION:ACCOUNT:backup-vault:NAME, where ACCOUNT may be " + AccountVariable
	keyARNShape   = "arn:aws:kms:REGION:ACCOUNT:key/ID or :alias/NAME, where ACCOUNT may be " + AccountVariable
)

// copyAction checks one copy action; parts that cannot be read stay empty.
func (c *compiler) copyAction(path string, doc CopyActionDocument) CopyAction {
	at := path + ".destination_backup_vault_arn"
	action := CopyAction{
		DestinationVaultARN: doc.DestinationBackupVaultARN,
		Lifecycle:           c.lifecycle(path+".lifecycle", doc.Lifecycle),
		KMSKeyARN:           doc.KMSKeyARN,
	}
	arn, err := parseWithVariable(doc.DestinationBackupVaultARN)
	name, isVault := strings.CutPrefix(arn.Resource, "backup-vault:")
	switch {
	case err != nil:
		c.report.problem(at, "%v: want %s", err, vaultARNShape)
	case arn.Service != "backup" || !isVault || arn.Account == "":
		c.report.problem(at, "%q is not the ARN of a backup vault: want %s", clip(doc.DestinationBackupVaultARN), vaultARNShape)
	case !validRegion.MatchString(arn.Region):
		c.report.problem(at, "region %q of the destination: want a region such as eu-west-1; there is no variable for it", clip(arn.Region))
	default:
		c.vaultName(at, name)
		action.Region, action.Account, action.Vault = arn.Region, arn.Account, name
	}
	if doc.KMSKeyARN != "" {
		c.copyKey(path+".kms_key_arn", doc.KMSKeyARN, action.Region)
	}
	return action
}

// copyKey checks that the key is one the destination can use: AWS wants the key of the
// region a copy is made in.
// Source: https://docs.aws.amazon.com/ebs/latest/userguide/ebs-copy-snapshot.html
func (c *compiler) copyKey(path, key, region string) {
	arn, err := parseWithVariable(key)
	switch {
	case err != nil:
		c.report.problem(path, "%v: want %s", err, keyARNShape)
	case arn.Service != "kms" || arn.Account == "" || !strings.HasPrefix(arn.Resource, "key/") && !strings.HasPrefix(arn.Resource, "alias/"):
		c.report.problem(path, "%q is not the ARN of a KMS key: want %s", clip(key), keyARNShape)
	case region != "" && arn.Region != region:
		c.report.problem(path, "the key is in %s, the copy in %s: name a key of the destination's region", arn.Region, region)
	case arn.Account == AccountVariable && strings.HasPrefix(arn.Resource, "key/"):
		c.report.warning(path, "a key id exists in one account only: use :alias/NAME together with %s", AccountVariable)
	}
}

// parseWithVariable is resource.ParseARN for ARNs whose account may be $account.
func parseWithVariable(s string) (resource.ARN, error) {
	const standIn = "000000000000"
	parts := strings.SplitN(s, ":", 6)
	variable := len(parts) == 6 && parts[4] == AccountVariable
	if variable {
		parts[4] = standIn
	}
	arn, err := resource.ParseARN(strings.Join(parts, ":"))
	if err == nil && variable {
		arn.Account = AccountVariable
	}
	return arn, err
}

// keptCopies warns about copies that outlive their rule's recovery points for ever, the
// usual surprise with copy actions.
func (c *compiler) keptCopies(path string, rule Rule) {
	for i, action := range rule.CopyActions {
		if rule.Lifecycle.DeleteAfterDays > 0 && action.Lifecycle == (Lifecycle{}) && !action.Retention.Counts() {
			c.report.warning(indexed(path+".copy_actions", i), "the copy has no lifecycle of its own and is kept for ever; the rule's (%d days) does not apply to it", rule.Lifecycle.DeleteAfterDays)
		}
	}
}
