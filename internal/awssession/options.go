package awssession

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"holdfast/resource"
)

// Limits of sts:AssumeRole; role chaining caps a session at an hour.
// Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
const (
	minDuration        = 15 * time.Minute
	maxDuration        = 12 * time.Hour
	defaultDuration    = time.Hour
	expiryWindow       = 5 * time.Minute
	maxSessionNameChar = 64
	minExternalIDChar  = 2
	maxExternalIDChar  = 1224
)

// defaultTimeout bounds one round of assuming a role and checking who we became.
const defaultTimeout = 20 * time.Second

// Options configures NewProvider.
type Options struct {
	// Installation appears in the session name, hence in every CloudTrail event.
	Installation string
	// RoleTemplate is the ARN of the role to assume, with {partition}, {account} and
	// {purpose} filled in per session. Empty: no role is assumed, and only the account
	// the process's own credentials belong to can be reached.
	RoleTemplate string
	// ExternalID goes with every AssumeRole; empty for none.
	ExternalID string
	// WithoutSessionPolicies makes every session as wide as its role: Request.Policy is
	// then not sent to STS.
	WithoutSessionPolicies bool
	// Duration of a session, 15 minutes to 12 hours; zero is one hour.
	Duration time.Duration
	// Timeout of one round of getting credentials; zero is 20 seconds.
	Timeout time.Duration
	// Observer, if set, is called after every attempt of every AWS call. It must not
	// block.
	Observer func(Call)
	// Pacer, if set, is asked before every attempt of every AWS call, those to STS included.
	Pacer *Pacer
	// EndpointURL replaces the address of every service, as AWS_ENDPOINT_URL does; empty
	// leaves the SDK's own.
	EndpointURL string
	// Base overrides the SDK's own way of finding credentials, region and endpoint
	// (environment, profile, instance metadata).
	Base *aws.Config
}

// externalIDPattern and the placeholders are checked at start, not at 02:00.
var (
	externalIDPattern = regexp.MustCompile(`^[\w+=,.@:/-]+$`)
	placeholder       = regexp.MustCompile(`\{[^}]*\}`)
	notInSessionName  = regexp.MustCompile(`[^\w+=,.@-]+`)
)

// Validate lists everything wrong with o, joined; nil when it can be used.
func (o Options) Validate() error {
	var problems []error
	if o.Installation == "" {
		problems = append(problems, errors.New("installation is empty"))
	}
	if id := o.ExternalID; id != "" &&
		(len(id) < minExternalIDChar || len(id) > maxExternalIDChar || !externalIDPattern.MatchString(id)) {
		problems = append(problems, fmt.Errorf("external id must be %d to %d letters, digits or +=,.@:/-",
			minExternalIDChar, maxExternalIDChar))
	}
	if o.Duration != 0 && (o.Duration < minDuration || o.Duration > maxDuration) {
		problems = append(problems, fmt.Errorf("duration %s is not within %s and %s", o.Duration, minDuration, maxDuration))
	}
	return errors.Join(append(problems, o.validateTemplate()...)...)
}

func (o Options) validateTemplate() (problems []error) {
	if o.RoleTemplate == "" {
		return nil
	}
	for _, name := range placeholder.FindAllString(o.RoleTemplate, -1) {
		if name != "{partition}" && name != "{account}" && name != "{purpose}" {
			problems = append(problems, fmt.Errorf("role template: unknown placeholder %s: use {partition}, {account} or {purpose}", name))
		}
	}
	if !strings.Contains(o.RoleTemplate, "{account}") {
		problems = append(problems, errors.New("role template: {account} is missing"))
	}
	sample := o.roleARN(Request{
		Scope: resource.Scope{Partition: "aws", Account: "000000000000"}, Purpose: resource.ForBackup,
	})
	if arn, err := resource.ParseARN(sample); err != nil || !strings.HasPrefix(arn.Resource, "role/") {
		problems = append(problems, fmt.Errorf("role template %q does not make the ARN of a role", o.RoleTemplate))
	}
	return problems
}

func (o Options) roleARN(req Request) string {
	return strings.NewReplacer(
		"{partition}", req.Scope.Partition, "{account}", req.Scope.Account, "{purpose}", string(req.Purpose),
	).Replace(o.RoleTemplate)
}

// sessionName names the installation and the purpose within STS's alphabet and length.
func (o Options) sessionName(purpose resource.Purpose) string {
	suffix := "-" + string(purpose)
	name := "holdfast-" + notInSessionName.ReplaceAllString(o.Installation, "-")
	return name[:min(len(name), maxSessionNameChar-len(suffix))] + suffix
}
