package awsbackup

import (
	"cmp"
	"context"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"

	"holdfast/driver"
	"holdfast/driver/internal/marktags"
	"holdfast/failure"
	"holdfast/resource"
)

const (
	// vaultKnown is how long what a vault said holds, measured by the times of the jobs that
	// ask: a driver has no clock. A lock that is new is seen by jobs an hour younger.
	vaultKnown = time.Hour
	// maxVaults bounds the cache; beyond it an arbitrary vault is asked about again.
	maxVaults = 4096
)

// place names a vault.
type place struct {
	scope resource.Scope
	name  string
}

func vaultAt(scope resource.Scope, name string) place {
	return place{scope, cmp.Or(name, defaultVault)}
}

func (p place) arn() *string {
	return aws.String("arn:" + p.scope.Partition + ":backup:" + p.scope.Region + ":" + p.scope.Account + ":backup-vault:" + p.name)
}

// vaultFacts is what a job must know of the vault it writes to.
type vaultFacts struct {
	maxRetention bool   // a lock insists on knowing when points are deleted
	key          string // ARN
	asked        time.Time
}

type vaultCache struct {
	mu    sync.Mutex
	facts map[place]vaultFacts
}

func newVaultCache() *vaultCache { return &vaultCache{facts: map[place]vaultFacts{}} }

func (c *vaultCache) get(p place, at time.Time) (vaultFacts, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f, ok := c.facts[p]
	return f, ok && at.Sub(f.asked) < vaultKnown
}

func (c *vaultCache) put(p place, f vaultFacts) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.facts) >= maxVaults {
		for victim := range c.facts {
			delete(c.facts, victim)
			break
		}
	}
	c.facts[p] = f
}

// forget makes the next job ask again: the vault was not as it was known.
func (c *vaultCache) forget(p place) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.facts, p)
}

// vault returns what a job made with mark must know of the vault, making it when it is not
// there. key, by ARN or alias, encrypts a vault that is made; "" leaves AWS's own key.
func (d *Driver) vault(ctx context.Context, client vaults, p place, mark driver.Mark, key string) (vaultFacts, error) {
	if f, ok := d.known.get(p, mark.CreatedAt); ok {
		return f, nil
	}
	out, err := client.DescribeBackupVault(ctx, &backup.DescribeBackupVaultInput{BackupVaultName: &p.name})
	facts := vaultFacts{asked: mark.CreatedAt}
	switch failed := wrap("DescribeBackupVault", err); {
	case err == nil:
		facts.maxRetention, facts.key = aws.ToBool(out.Locked) && out.MaxRetentionDays != nil, aws.ToString(out.EncryptionKeyArn)
	case perhapsMissing(failed):
		if facts.key, err = d.makeVault(ctx, client, p, mark, key, failed); err != nil {
			return vaultFacts{}, err
		}
	default:
		return vaultFacts{}, failed
	}
	d.known.put(p, facts)
	return facts, nil
}

// managed refuses a backup where the account did not switch on that AWS Backup manages the
// kind's points: they could carry no mark then, nor be copied. What a region said is kept
// beside the vaults, under a name no vault can have.
func (d *Driver) managed(ctx context.Context, client vaults, scope resource.Scope, at time.Time) error {
	settings := place{scope: scope}
	if _, ok := d.known.get(settings, at); ok || !d.kind.Advanced {
		return nil
	}
	out, err := client.DescribeRegionSettings(ctx, &backup.DescribeRegionSettingsInput{})
	if err != nil {
		return wrap("DescribeRegionSettings", err)
	}
	if !out.ResourceTypeManagementPreference[d.kind.Type] {
		return failure.Errorf(failure.Unsupported,
			"AWS Backup's advanced features for %s are off in %s of account %s: switch them on with `aws backup update-region-settings --resource-type-management-preference %s=true`, or use engine native",
			d.kind.Type, scope.Region, scope.Account, d.kind.Type)
	}
	d.known.put(settings, vaultFacts{asked: at})
	return nil
}

// perhapsMissing reports whether err is what AWS says of a vault that does not exist.
func perhapsMissing(err error) bool {
	return failure.Is(err, failure.NotFound) ||
		failure.Is(err, failure.Denied) && strings.Contains(err.Error(), "Insufficient privileges")
}

// makeVault makes the vault and returns the ARN of its key, "" for AWS's own or one that is
// not known. A vault that turns out to exist was hidden from us for the reason first given,
// unless somebody made it in between.
func (d *Driver) makeVault(ctx context.Context, client vaults, p place, mark driver.Mark, key string, reason error) (string, error) {
	in := &backup.CreateBackupVaultInput{
		BackupVaultName: &p.name, CreatorRequestId: aws.String(mark.Token()),
		BackupVaultTags: map[string]string{driver.TagInstallation: mark.Installation},
	}
	if key != "" {
		arn, err := d.vaultKeys.ARN(ctx, p.scope, resource.ForCopy, key)
		if err != nil {
			return "", err
		}
		in.EncryptionKeyArn = &arn
	}
	_, err := client.CreateBackupVault(ctx, in)
	made := wrap("CreateBackupVault", err)
	switch {
	case awsCode(made) != "AlreadyExistsException":
		return aws.ToString(in.EncryptionKeyArn), made
	case failure.Is(reason, failure.NotFound):
		return "", nil
	default:
		return "", reason
	}
}

// pointTags returns the tags of a point: the mark, then the rule's as far as the source's
// own, which AWS adds, leave room.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/tags-on-backups.html
func pointTags(req driver.StartRequest) (map[string]string, error) {
	const maxTags = 50
	mark := req.Mark.Tags(nil)
	total := len(mark)
	for key := range req.Resource.Tags {
		if _, ours := mark[key]; !ours && !strings.HasPrefix(key, "aws:") {
			total++
		}
	}
	if total > maxTags {
		return nil, failure.Errorf(failure.Unsupported,
			"%s has %d tags: with the %d that mark the recovery point they are more than the %d AWS Backup allows",
			req.Resource.ARN, len(req.Resource.Tags), len(mark), maxTags)
	}
	tags := marktags.For(req.Mark, nil)
	for key, value := range marktags.For(req.Mark, req.Tags) {
		if _, there := tags[key]; there {
			continue
		}
		_, inherited := req.Resource.Tags[key]
		if !inherited && total >= maxTags {
			continue
		}
		if !inherited {
			total++
		}
		tags[key] = value
	}
	return tags, nil
}
