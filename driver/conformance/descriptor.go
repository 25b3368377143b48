package conformance

import (
	"context"
	"errors"
	"fmt"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"holdfast/driver"
	"holdfast/resource"
)

func descriptorChecks() []Check {
	return []Check{
		{Name: "descriptor", Proves: "The descriptor is complete and well formed.", run: checkDescriptor},
		{Name: "capabilities", Proves: "What the descriptor claims is what the driver implements.", run: checkCapabilities},
		{Name: "actions", Proves: "Each purpose has the IAM actions it needs, and none that another purpose is for.", run: checkActions},
	}
}

func checkDescriptor(ctx context.Context, e *env) error {
	l, err := e.lab(ctx)
	if err != nil {
		return err
	}
	r, err := l.resource(ctx)
	if err != nil {
		return err
	}
	d := l.d.Descriptor()
	problems := descriptorProblems(d)
	if matched, err := path.Match(arnGlob(d.ARNPattern), arnGlob(r.ARN)); err != nil || !matched {
		problems = append(problems, fmt.Errorf("ARN pattern %q does not match %q", d.ARNPattern, r.ARN))
	}
	if !reflect.DeepEqual(d, l.Driver().Descriptor()) {
		problems = append(problems, errors.New("two drivers of the kind have different descriptors"))
	}
	return errors.Join(problems...)
}

// arnGlob makes path.Match's * cross slashes, as it does in an ARN pattern.
func arnGlob(s string) string { return strings.ReplaceAll(s, "/", ":") }

func descriptorProblems(d driver.Descriptor) []error {
	var problems []error
	expect := func(ok bool, format string, args ...any) {
		if !ok {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	_, err := resource.ParseKind(string(d.Kind))
	expect(err == nil, "%w", err)
	expect(d.Title != "", "the title is empty")
	expect(d.LookMax > 0, "LookMax is %d", d.LookMax)
	makes := []driver.Operation{driver.Backup, driver.Copy, driver.Restore}
	for op, settle := range d.Settle {
		expect(slices.Contains(makes, op), "Settle names operation %q", op)
		expect(settle >= 0, "Settle of %s is %v", op, settle)
	}
	for op, known := range d.Repeatable {
		expect(slices.Contains(makes, op), "Repeatable names operation %q", op)
		expect(known > 0, "AWS knows a token of %s for %v", op, known)
	}
	expect(!d.Unmarked || len(d.Repeatable) > 0, "Unmarked and nothing is Repeatable: an interrupted start would never be resolved")
	for _, q := range d.Quotas {
		expect(q.Limit > 0, "quota of %s is %d", q.Operation, q.Limit)
		expect(strings.HasPrefix(q.Source, "https://"), "quota of %s has no source page", q.Operation)
	}
	seen := map[string]bool{}
	for _, p := range d.Restore {
		expect(parameterName.MatchString(p.Name), "restore parameter %q is not in snake case", p.Name)
		expect(!seen[p.Name], "restore parameter %q is there twice", p.Name)
		expect(p.Description != "", "restore parameter %q is not described", p.Name)
		seen[p.Name] = true
	}
	return problems
}

var (
	parameterName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	// AWS documents a few actions with a wildcard at the end, such as kms:ReEncrypt*.
	actionName = regexp.MustCompile(`^[a-z0-9-]+:[A-Z][A-Za-z0-9]+[*]?$`)
	readsOnly  = regexp.MustCompile(`:(Describe|List|Get)`)
	destroys   = regexp.MustCompile(`:(Delete|Deregister|Terminate)`)
)

func checkCapabilities(ctx context.Context, e *env) error {
	l, err := e.lab(ctx)
	if err != nil {
		return err
	}
	d := l.d.Descriptor()
	_, copier := l.d.(driver.Copier)
	_, restorer := l.d.(driver.Restorer)
	var problems []error
	if claims := d.CopyRegion || d.CopyAccount; claims != copier {
		problems = append(problems, fmt.Errorf("the descriptor claims copies: %v; the driver implements Copier: %v", claims, copier))
	}
	if claims := len(d.Actions[resource.ForCopy]) > 0; claims != copier {
		problems = append(problems, fmt.Errorf("the descriptor has actions for copies: %v; the driver implements Copier: %v", claims, copier))
	}
	if claims := len(d.Actions[resource.ForRestore]) > 0; claims != restorer {
		problems = append(problems, fmt.Errorf("the descriptor has actions for restores: %v; the driver implements Restorer: %v", claims, restorer))
	}
	return errors.Join(problems...)
}

func checkActions(ctx context.Context, e *env) error {
	l, err := e.lab(ctx)
	if err != nil {
		return err
	}
	d := l.d.Descriptor()
	var problems []error
	for _, purpose := range []resource.Purpose{resource.ForDiscover, resource.ForBackup, resource.ForExpire} {
		if len(d.Actions[purpose]) == 0 {
			problems = append(problems, fmt.Errorf("no actions for %s", purpose))
		}
	}
	for action, why := range d.Unseen {
		if !mentions(d, action) || why == "" {
			problems = append(problems, fmt.Errorf("%s is said to be unseen (%q) and is no action of any purpose", action, why))
		}
	}
	for purpose, actions := range d.Actions {
		if !slices.Contains(resource.Purposes(), purpose) {
			problems = append(problems, fmt.Errorf("actions for unknown purpose %q", purpose))
		}
		if !slices.IsSorted(actions) || len(slices.Compact(slices.Clone(actions))) != len(actions) {
			problems = append(problems, fmt.Errorf("actions for %s are not sorted and unique", purpose))
		}
		for _, action := range actions {
			problems = append(problems, actionProblem(purpose, action))
		}
	}
	return errors.Join(problems...)
}

func mentions(d driver.Descriptor, action string) bool {
	for _, actions := range d.Actions {
		if slices.Contains(actions, action) {
			return true
		}
	}
	return false
}

// actionProblem says what is wrong with an action for a purpose, or nil. A session made
// for a listing changes nothing and one made for a backup or copy deletes nothing. A
// restore may: DynamoDB wants dynamodb:DeleteItem for it.
// Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/backuprestore_IAM.html
func actionProblem(purpose resource.Purpose, action string) error {
	switch {
	case !actionName.MatchString(action):
		return fmt.Errorf("%q for %s is not service:Action", action, purpose)
	case purpose == resource.ForDiscover && !readsOnly.MatchString(action):
		return fmt.Errorf("%s for %s changes something", action, purpose)
	case purpose != resource.ForExpire && purpose != resource.ForRestore && destroys.MatchString(action) && !strings.HasSuffix(action, ":DeleteItem"):
		// Deleting items is part of filling a restored table, not of deleting one.
		return fmt.Errorf("%s for %s deletes something", action, purpose)
	default:
		return nil
	}
}
