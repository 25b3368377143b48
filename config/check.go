package config

import (
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"holdfast/resource"
)

const (
	sqliteScheme = "sqlite:"

	// loopbackHost is what a user types for it; the check takes every loopback address.
	loopbackHost = "localhost"
)

var (
	installationPattern = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)
	regionPattern       = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]{1,2}$`)
	placeholderPattern  = regexp.MustCompile(`\{[^{}]*\}`)

	// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
	externalIDPattern = regexp.MustCompile(`^[\w+=,.@:/-]+$`)
)

func anyText(string) error { return nil }

func checkInstallation(s string) error {
	if !installationPattern.MatchString(s) {
		return fmt.Errorf("%q is not an installation name: use 1 to 32 of a-z, 0-9 and '-'", s)
	}
	return nil
}

func checkAddress(s string) error {
	host, port, err := net.SplitHostPort(s)
	if err != nil || host == "" {
		return fmt.Errorf("%q is not host:port, for example redis:6379", s)
	}
	return checkPort(port, 1)
}

// checkListen allows an empty host (every address) and port 0 (any free port).
func checkListen(s string) error {
	_, port, err := net.SplitHostPort(s)
	if err != nil {
		return fmt.Errorf("%q is not host:port, for example 127.0.0.1:8484", s)
	}
	return checkPort(port, 0)
}

func checkPort(port string, lowest int) error {
	if n, err := strconv.Atoi(port); err != nil || n < lowest || n > 65535 {
		return fmt.Errorf("port %q is not a number from %d to 65535", port, lowest)
	}
	return nil
}

// checkDSN never repeats what was written: it may hold a password.
func checkDSN(s string) error {
	if path, ok := strings.CutPrefix(s, sqliteScheme); ok {
		if path == "" {
			return fmt.Errorf("names no file: write sqlite:PATH, for example sqlite:holdfast.db")
		}
		return nil
	}
	u, err := url.Parse(s)
	switch {
	case err != nil, u.Scheme != "postgres" && u.Scheme != "postgresql", u.User == nil && strings.Contains(s, "@"):
		return fmt.Errorf("is not a catalog: use sqlite:PATH or postgres://USER:PASSWORD@HOST:5432/DATABASE (escape special characters of the password, as %%40 for @)")
	case u.Host == "" && u.Query().Get("host") == "":
		return fmt.Errorf("names no host: write postgres://USER:PASSWORD@HOST:5432/DATABASE")
	case strings.Trim(u.Path, "/") == "":
		return fmt.Errorf("names no database: write postgres://USER:PASSWORD@HOST:5432/DATABASE")
	}
	return nil
}

func checkURL(s string) error {
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" {
		return fmt.Errorf("%q is not a URL: write http://HOST:PORT or https://HOST", s)
	}
	if u.User != nil {
		return fmt.Errorf("has a user or password in it: remove them")
	}
	return nil
}

func checkSimulatorURL(s string) error {
	if err := checkURL(s); err != nil {
		return err
	}
	if u, err := url.Parse(s); err != nil || !isLoopback(u.Hostname()) {
		return fmt.Errorf("%q is not on this machine: use the loopback address `holdfast sim serve` prints", s)
	}
	return nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == loopbackHost || ip != nil && ip.IsLoopback()
}

func checkRegion(s string) error {
	if !regionPattern.MatchString(s) {
		return fmt.Errorf("%q is not a region, for example eu-west-1", s)
	}
	return nil
}

func checkAccount(s string) error {
	if !resource.ValidAccount(s) {
		return fmt.Errorf("%q is not an account id: write twelve digits", s)
	}
	return nil
}

// checkRoleTemplate checks a template of the roles we assume.
func checkRoleTemplate(s string) error {
	if s == "" {
		return nil
	}
	if err := checkPlaceholders(s, placePartition, placeAccount, placePurpose); err != nil {
		return err
	}
	return checkRoleARN(s, defaultRoleTemplate)
}

// checkServiceRole is checkRoleTemplate for a role that is not ours to assume.
func checkServiceRole(s string) error {
	if err := checkPlaceholders(s, placePartition, placeAccount); err != nil {
		return err
	}
	return checkRoleARN(s, defaultServiceRole)
}

func checkPlaceholders(s string, known ...string) error {
	for _, name := range placeholderPattern.FindAllString(s, -1) {
		if !slices.Contains(known, name) {
			return fmt.Errorf("unknown placeholder %s: use %s", name, strings.Join(known, ", "))
		}
	}
	return nil
}

// checkRoleARN fills in s and looks at the ARN that comes out.
func checkRoleARN(s, example string) error {
	sample := resource.Scope{Partition: "aws", Account: "123456789012"}
	arn, err := resource.ParseARN(Roles{ARNTemplate: s}.ARN(sample, resource.ForBackup))
	if err != nil || arn.Service != "iam" || arn.Account == "" || !strings.HasPrefix(arn.Resource, "role/") {
		return fmt.Errorf("%q does not become the ARN of a role: write it like %s", s, example)
	}
	return nil
}

func checkExternalID(s string) error {
	if s != "" && (len(s) < 2 || len(s) > 1224 || !externalIDPattern.MatchString(s)) {
		return fmt.Errorf("is not an external id: 2 to 1224 letters, digits and any of _+=,.@:/-")
	}
	return nil
}

func checkGlob(s string) error {
	if _, err := filepath.Match(s, ""); err != nil || s == "" {
		return fmt.Errorf("%q is not a file pattern, for example policies/*.yaml", s)
	}
	return nil
}

// The placeholders of aws.roles.arn_template.
const (
	placePartition = "{partition}"
	placeAccount   = "{account}"
	placePurpose   = "{purpose}"

	defaultRoleTemplate = "arn:{partition}:iam::{account}:role/holdfast-{purpose}"
	// defaultServiceRole is the role AWS Backup's console makes and uses when none is chosen.
	// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/iam-service-roles.html
	defaultServiceRole = "arn:{partition}:iam::{account}:role/service-role/AWSBackupDefaultServiceRole"
)

// ARN returns the role to assume for purpose in scope, or "" when the process's own
// credentials are to be used.
func (r Roles) ARN(scope resource.Scope, purpose resource.Purpose) string {
	return strings.NewReplacer(
		placePartition, scope.Partition,
		placeAccount, scope.Account,
		placePurpose, string(purpose),
	).Replace(r.ARNTemplate)
}
