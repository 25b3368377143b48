// Package format tells the kinds of policy documents apart by their content, checks each
// as what it is, and converts between them through the model they share. It is pure.
package format

import (
	"bytes"
	"path"
	"slices"
	"strings"

	"holdfast/policy"
	"holdfast/policy/awsbackup"
	"holdfast/policy/orgpolicy"
	"holdfast/policy/strictjson"
)

// Format is a kind of document.
type Format string

// The formats.
const (
	Holdfast        Format = "holdfast"         // Holdfast's YAML
	BackupPlan      Format = "backup-plan"      // a plan of AWS Backup, JSON
	BackupSelection Format = "backup-selection" // a selection of AWS Backup, JSON
	OrgPolicy       Format = "org-policy"       // a backup policy of AWS Organizations, JSON with operators
	EffectivePolicy Format = "effective-policy" // an effective backup policy, JSON without operators
)

// The kinds of problems.
const (
	KindInvalid   = "invalid_policy"
	KindMalformed = "malformed_policy"
	KindEffective = "invalid_effective_policy"
)

// Recognise tells what a document is, however broken it may be.
func Recognise(f policy.File) Format {
	text := bytes.TrimSpace(f.Data)
	if !bytes.HasPrefix(text, []byte("{")) && path.Ext(f.Name) != ".json" {
		return Holdfast
	}
	root, _ := strictjson.Parse(f.Data)
	switch {
	case root == nil:
		return guess(f)
	case awsbackup.IsPlan(root):
		return BackupPlan
	case awsbackup.IsSelection(root):
		return BackupSelection
	}
	plans := root.Member("plans")
	switch {
	case plans != nil && plans.Kind == strictjson.Array:
		return Holdfast // YAML in the shape of JSON
	case plans != nil && !operators(plans) && values(plans):
		return EffectivePolicy
	}
	return OrgPolicy
}

// guess goes by what stands in JSON that cannot be read; YAML may begin with a brace too.
func guess(f policy.File) Format {
	for _, g := range []struct {
		mark   string
		format Format
	}{{`"@@`, OrgPolicy}, {`"BackupSelection"`, BackupSelection}, {`"SelectionName"`, BackupSelection}, {`"BackupPlan`, BackupPlan}, {`"RuleName"`, BackupPlan}} {
		if bytes.Contains(f.Data, []byte(g.mark)) {
			return g.format
		}
	}
	if path.Ext(f.Name) == ".json" || bytes.Contains(f.Data, []byte(`"plans"`)) {
		return OrgPolicy
	}
	return Holdfast
}

// operators reports whether any key below n is an operator.
func operators(n *strictjson.Node) bool {
	return slices.ContainsFunc(n.Members, func(m strictjson.Member) bool {
		return strings.HasPrefix(m.Key, "@@") || operators(m.Value)
	})
}

// values reports whether any value stands below n.
func values(n *strictjson.Node) bool {
	return n.Kind != strictjson.Object || slices.ContainsFunc(n.Members, func(m strictjson.Member) bool { return values(m.Value) })
}

// Verdict is what a check found: problems of one kind, and warnings.
type Verdict struct {
	Format   Format
	Kind     string // of the problems
	Problems []policy.Problem
	Warnings []policy.Problem
}

// Check checks a document of any format but Holdfast's, which policy.Compile checks
// together with others.
func Check(f policy.File, format Format) Verdict {
	v := Verdict{Format: format, Kind: KindInvalid}
	switch format {
	case BackupPlan:
		v.take(awsbackup.CheckPlan(f))
	case BackupSelection:
		v.take(awsbackup.CheckSelection(f))
	case EffectivePolicy:
		v.Kind = KindMalformed
		e, result := orgpolicy.ParseEffective(f)
		v.take(result)
		if e != nil {
			v.Kind = KindEffective
			found := e.Check()
			v.Problems = found.Problems()
			v.Warnings = append(v.Warnings, found.Warnings...)
		}
	default:
		v.orgPolicy(f)
	}
	return v
}

func (v *Verdict) take(r policy.Result) {
	v.Problems, v.Warnings = append(v.Problems, r.Problems...), append(v.Warnings, r.Warnings...)
}

// orgPolicy lets a policy be a part of one: what is missing may stand on another level.
func (v *Verdict) orgPolicy(f policy.File) {
	v.Kind = KindMalformed
	p, result := orgpolicy.Parse(f)
	v.take(result)
	if p == nil {
		return
	}
	v.Kind = KindEffective
	found := orgpolicy.Merge([]orgpolicy.Level{{Policies: []*orgpolicy.Policy{p}}}).Check()
	v.Problems = inFile(f.Name, found.Wrong)
	for _, m := range found.Missing {
		m.Message += "; it must come from a policy of another level"
		v.Warnings = append(v.Warnings, m)
	}
	v.Warnings = inFile(f.Name, append(v.Warnings, found.Warnings...))
}

func inFile(name string, problems []policy.Problem) []policy.Problem {
	for i := range problems {
		problems[i].File = name
	}
	return problems
}
