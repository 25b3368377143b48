package dashboard

import (
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"holdfast/catalog"
	"holdfast/policy"
	"holdfast/policy/difference"
	"holdfast/policy/format"
	"holdfast/policy/preview"
)

// trial is a document that somebody tries on the inventory. Nothing of it is kept.
type trial struct {
	Text     string // the document; "" for what is in force
	Only     bool   // it takes the place of the plans it names, and not of all policies
	Problems []policy.Problem
	Compared *comparison
	Preview  *preview.Report
}

// comparison is what a document would change.
type comparison struct {
	Rules       []difference.RuleChange
	Changes     []difference.ResourceChange // at most maxChanges, those that lose their last rule first
	Changed     int
	Unprotected int
	Looked      int
	// Retention says that a rule keeps its points otherwise than before.
	Retention bool
}

// Limits of a trial.
const (
	maxChanges       = 100
	maxFindings      = 20
	maxDocumentBytes = 512 << 10
)

// The ways a document is tried.
const (
	tryCompare = "compare"
	tryPreview = "preview"
)

// try serves what a document would change or do, and changes nothing.
func (d *Dashboard) try(w http.ResponseWriter, r *http.Request) error {
	page, err := d.readPolicies(r)
	if err != nil {
		return err
	}
	if page.Text, page.Problems, err = documentOf(r); err != nil {
		return err
	}
	page.Only = r.PostFormValue("scope") == "named"
	set := page.Policies.Set
	if len(page.Problems) == 0 && page.Text != "" {
		set, page.Problems = compileDocument(page.Text, d.Capabilities)
		if set != nil && page.Only {
			set = among(page.Policies.Set, set)
		}
	}
	way := r.PostFormValue("action")
	switch {
	case len(page.Problems) > 0:
		d.Frame.Render(w, http.StatusUnprocessableEntity, templates, "policies.html", page)
		return nil
	case set == nil:
		return badRequest{"No policy is in force, and no document was given."}
	case way == tryPreview:
		page.Preview, err = d.previewPolicies(r.Context(), set)
	case page.Text == "":
		page.Problems = []policy.Problem{{Message: "paste a document, or choose a file, to compare with what is in force"}}
	default:
		page.Compared, err = d.comparePolicies(r.Context(), page.Policies.Set, set)
	}
	if err != nil {
		return err
	}
	return d.render(w, "policies.html", page)
}

// documentOf returns what was uploaded, else what was pasted.
func documentOf(r *http.Request) (text string, problems []policy.Problem, err error) {
	file, _, err := r.FormFile("file") // first: it reads the form's other fields, too
	text = r.PostFormValue("document")
	switch {
	case errors.Is(err, http.ErrMissingFile), errors.Is(err, http.ErrNotMultipart):
	case err != nil:
		return "", nil, formError(err)
	default:
		defer func() { _ = file.Close() }()
		uploaded, err := io.ReadAll(io.LimitReader(file, maxDocumentBytes+1))
		if err != nil {
			return "", nil, formError(err)
		}
		if len(uploaded) > 0 {
			text = string(uploaded)
		}
	}
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	if len(text) > maxDocumentBytes {
		return "", []policy.Problem{{File: "document", Message: "is longer than 512 KiB: use holdfast policy diff or policy preview"}}, nil
	}
	return text, nil, nil
}

// compileDocument reads a document of any format: the set is nil with any problem.
func compileDocument(text string, caps []policy.Capabilities) (*policy.Set, []policy.Problem) {
	file := policy.File{Name: "document", Data: []byte(text)}
	if format.Recognise(file) == format.Holdfast {
		set, result := policy.Compile([]policy.File{file}, caps)
		return set, result.Problems
	}
	document, _, _, problems := format.Read(file)
	if len(problems) > 0 {
		return nil, problems
	}
	set, result := policy.CompileDocuments([]policy.Source{{Name: file.Name, Document: document}}, caps)
	return set, result.Problems
}

// among returns what is in force with the plans of document in place of those of their
// names.
func among(inForce, document *policy.Set) *policy.Set {
	merged := *document
	merged.Plans = slices.Clone(document.Plans)
	if inForce == nil {
		return &merged
	}
	for _, plan := range inForce.Plans {
		if document.Plan(plan.Name) == nil {
			merged.Plans = append(merged.Plans, plan)
		}
	}
	return &merged
}

// previewPolicies says what policies would do to the inventory.
func (d *Dashboard) previewPolicies(ctx context.Context, set *policy.Set) (*preview.Report, error) {
	b := preview.New(set, preview.Options{At: d.Clock.Now(), Limit: maxFindings, Capabilities: d.Capabilities})
	if parts := d.Drivers.Parts(); len(parts) > 0 {
		kinds := slices.Sorted(maps.Keys(parts))
		err := d.Catalog.Resources(ctx, catalog.ResourceFilter{Kinds: kinds}, func(item catalog.InventoryItem) error {
			b.AddPart(item.Resource, parts[item.Kind].PartOf(item.Resource))
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	err := d.Catalog.Resources(ctx, catalog.ResourceFilter{}, func(item catalog.InventoryItem) error {
		b.Add(item.Resource)
		return nil
	})
	if err != nil {
		return nil, err
	}
	report := b.Report()
	return &report, nil
}

// comparePolicies says what becomes of every rule and resource when after takes the place
// of before.
func (d *Dashboard) comparePolicies(ctx context.Context, before, after *policy.Set) (*comparison, error) {
	if before == nil {
		before = &policy.Set{}
	}
	c := &comparison{Rules: difference.Rules(before, after)}
	for _, rule := range c.Rules {
		c.Retention = c.Retention || slices.ContainsFunc(rule.Fields, func(f difference.Field) bool { return strings.HasPrefix(f.Path, "retention.") })
	}
	var unprotected, others []difference.ResourceChange
	err := d.Catalog.Resources(ctx, catalog.ResourceFilter{}, func(item catalog.InventoryItem) error {
		c.Looked++
		change, changed := difference.Resource(before, after, item.Resource)
		switch {
		case !changed:
			return nil
		case change.Unprotected:
			unprotected = append(unprotected, change)
		case len(others) < maxChanges:
			others = append(others, change)
		}
		c.Changed++
		return nil
	})
	c.Unprotected = len(unprotected)
	c.Changes = append(unprotected, others...)
	c.Changes = c.Changes[:min(len(c.Changes), maxChanges)]
	return c, err
}
