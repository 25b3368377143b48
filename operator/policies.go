package operator

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"holdfast/catalog"
	"holdfast/failure"
	"holdfast/policy"
	"holdfast/policy/format"
	"holdfast/policy/orgpolicy"
	"holdfast/policy/preview"
)

// PolicyError says what is wrong with policy documents.
type PolicyError struct {
	Kind     string // one of package format
	Problems []policy.Problem
}

// Error has the first problem.
func (e *PolicyError) Error() string {
	return fmt.Sprintf("the policies have %s, the first: %s", Counted(len(e.Problems), "problem"), e.Problems[0])
}

func policyError(kind string, problems []policy.Problem) error {
	if len(problems) == 0 {
		return nil
	}
	return &failure.Error{Class: failure.Invalid, Err: &PolicyError{kind, problems}}
}

// PreviewRequest asks what policies would do to the inventory.
type PreviewRequest struct {
	// Files are what is tried; none: the policies in force.
	Files []PolicyFile `json:"files,omitempty" maxItems:"100"`
	At    time.Time    `json:"at,omitzero" doc:"as of then; absent: now"`
	Limit int          `json:"limit,omitempty" minimum:"0" maximum:"1000000" doc:"entries a list may have; absent: 20"`
}

// PolicyFile is one policy document.
type PolicyFile struct {
	Name string `json:"name" doc:"what problems call it"`
	Text string `json:"text" doc:"YAML"`
}

// defaultPreview is how many entries a list of a preview has.
const defaultPreview = 20

// Preview goes through the inventory and says for every resource which rules take it and
// why. An error of class invalid that is about the documents is a *PolicyError.
func (o *Office) Preview(ctx context.Context, r PreviewRequest) (preview.Report, error) {
	if r.At.IsZero() {
		r.At = o.Clock.Now()
	}
	if r.Limit == 0 {
		r.Limit = defaultPreview
	}
	set, withheld, err := o.tried(ctx, r.Files)
	if err != nil {
		return preview.Report{}, err
	}
	b := preview.New(set, preview.Options{At: r.At, Limit: r.Limit, Capabilities: o.Capabilities, Detours: o.detours})
	if parts := o.Drivers.Parts(); len(parts) > 0 { // first what may be part of something else
		err = o.Store.Resources(ctx, catalog.ResourceFilter{Kinds: slices.Collect(maps.Keys(parts))}, func(item catalog.InventoryItem) error {
			b.AddPart(item.Resource, parts[item.Kind].PartOf(item.Resource))
			return nil
		})
	}
	if err == nil {
		err = o.Store.Resources(ctx, catalog.ResourceFilter{}, func(item catalog.InventoryItem) error {
			b.Add(item.Resource)
			return nil
		})
	}
	if err != nil {
		return preview.Report{}, fmt.Errorf("read the inventory: %w", err)
	}
	report := b.Report()
	report.Withheld = withheld
	return report, nil
}

// tried returns what files say, or what is in force and withheld.
func (o *Office) tried(ctx context.Context, files []PolicyFile) (*policy.Set, []string, error) {
	if len(files) == 0 {
		set, err := o.Policies(ctx)
		if err != nil || o.Withheld == nil {
			return set, nil, err
		}
		withheld, err := o.Withheld(ctx)
		return set, withheld, err
	}
	documents := make([]policy.File, len(files))
	for i, f := range files {
		documents[i] = policy.File{Name: f.Name, Data: []byte(f.Text)}
	}
	set, result := policy.Compile(documents, o.Capabilities)
	return set, nil, policyError(format.KindInvalid, result.Problems)
}

// EffectiveRequest asks for the effective organization policy of an account.
type EffectiveRequest struct {
	Account string
	Region  string // fills in $region; may be empty
}

// Effective is what an organization's policies come to for one account.
type Effective struct {
	Policy     json.RawMessage        `json:"effective_policy" doc:"in the shape AWS Organizations prints it"`
	Provenance []orgpolicy.Provenance `json:"provenance" doc:"which level and policy set each value"`
	Ignored    []orgpolicy.Ignored    `json:"ignored" doc:"what had no effect, and why"`
	Warnings   []policy.Problem       `json:"warnings"`
}

// EffectivePolicy merges the policies above and on an account. An error of class invalid
// that is about the documents is a *PolicyError.
func (o *Office) EffectivePolicy(ctx context.Context, r EffectiveRequest) (Effective, error) {
	var p problems
	p.checkAccount(r.Account)
	if r.Account == "" {
		p.add("account", "is missing: say whose effective policy it is")
	}
	if r.Region != "" && !policy.ValidRegion(r.Region) {
		p.add("region", "%q is not a region: write a name such as eu-west-1", r.Region)
	}
	if err := p.err(); err != nil {
		return Effective{}, err
	}
	root, err := o.organization(ctx)
	if err != nil {
		return Effective{}, err
	}
	path := root.Path(r.Account)
	if path == nil {
		return Effective{}, refuse("account", "%s is nowhere in the organization the configuration names", r.Account)
	}
	filled, warnings, err := MergePolicies(path, MergeOptions{Account: r.Account, Region: r.Region})
	if err != nil {
		return Effective{}, err
	}
	return Explain(filled, warnings), nil
}

func (o *Office) organization(ctx context.Context) (root *orgpolicy.Target, err error) {
	if o.Organization != nil {
		root, err = o.Organization(ctx)
	}
	if err == nil && root == nil {
		err = refuse("account", "the configuration names no organization: see organization_policies")
	}
	return root, err
}

// MergeOptions are how policies are merged.
type MergeOptions struct {
	Account, Region string // fill in $account and $region; may be empty
	AnyType         bool   // policies of any type, merged by their operators alone
}

// MergePolicies merges the policies of path, the root first. An error of class invalid is a
// *PolicyError with everything that is wrong.
func MergePolicies(path []*orgpolicy.Target, o MergeOptions) (*orgpolicy.Effective, []policy.Problem, error) {
	read := orgpolicy.ReadLevel
	if o.AnyType {
		read = orgpolicy.ReadAnyLevel
	}
	var levels []orgpolicy.Level
	var wrong, warnings []policy.Problem
	for _, t := range path {
		level, result := read(t.Name, t.Files)
		wrong, warnings = append(wrong, result.Problems...), append(warnings, result.Warnings...)
		levels = append(levels, level)
	}
	if err := policyError(format.KindMalformed, wrong); err != nil {
		return nil, nil, err
	}
	merged := orgpolicy.Merge(levels)
	if !o.AnyType {
		found := merged.Check()
		if err := policyError(format.KindEffective, found.Problems()); err != nil {
			return nil, nil, err
		}
		warnings = append(warnings, found.Warnings...)
	}
	filled, wrong := merged.Fill(o.Account, o.Region)
	return filled, warnings, policyError(format.KindEffective, wrong)
}

// Explain returns an effective policy with where its values come from.
func Explain(e *orgpolicy.Effective, warnings []policy.Problem) Effective {
	out := Effective{Policy: e.JSON(), Warnings: append([]policy.Problem{}, warnings...)}
	out.Provenance, out.Ignored = e.Explain()
	return out
}
