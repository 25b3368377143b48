package format

import (
	"fmt"

	"holdfast/policy"
	"holdfast/policy/awsbackup"
	"holdfast/policy/orgpolicy"
)

// KindInexpressible is the kind of problem of what the target format has no place for.
const KindInexpressible = "not_expressible"

// Targets are the formats documents can be converted to, as commands name them.
var Targets = []string{"yaml", "backup-plan", "org-policy"}

// Read reads a document of any format into the model. kind is that of the problems; with
// any the document is not to be used. A policy with inheritance is refused: other formats
// have none.
func Read(f policy.File) (doc policy.Document, format Format, kind string, problems []policy.Problem) {
	format = Recognise(f)
	if format != Holdfast {
		if v := Check(f, format); len(v.Problems) > 0 {
			return doc, format, v.Kind, v.Problems
		}
	}
	switch format {
	case Holdfast:
		_, result := policy.Compile([]policy.File{f}, nil)
		if len(result.Problems) == 0 {
			doc, result = policy.ParseDocument(f)
		}
		return doc, format, KindInvalid, result.Problems
	case BackupPlan:
		doc, _ = awsbackup.ParsePlan(f)
		return doc, format, KindInvalid, nil
	case BackupSelection:
		return doc, format, KindInexpressible, []policy.Problem{{File: f.Name, Message: "a selection alone is no plan: put it into BackupSelections beside its BackupPlan"}}
	case EffectivePolicy:
		e, _ := orgpolicy.ParseEffective(f)
		return e.Document(), format, KindEffective, nil
	}
	p, _ := orgpolicy.Parse(f)
	e, problems := p.Alone()
	if len(problems) > 0 {
		return doc, format, KindInexpressible, problems
	}
	if missing := e.Check().Problems(); len(missing) > 0 {
		return doc, format, KindEffective, inFile(f.Name, missing)
	}
	return e.Document(), format, KindEffective, nil
}

// Write writes a document in one of Targets. What the target cannot express is a problem
// each.
func Write(doc policy.Document, target string) ([]byte, []policy.Problem) {
	switch target {
	case "yaml":
		if problems := doc.AWSOnly(); len(problems) > 0 {
			return nil, problems
		}
		data, err := doc.YAML()
		if err != nil {
			return nil, []policy.Problem{{Message: err.Error()}}
		}
		return data, nil
	case "backup-plan":
		return awsbackup.Write(doc)
	case "org-policy":
		return orgpolicy.Write(doc)
	}
	return nil, []policy.Problem{{Message: fmt.Sprintf("there is no format %q", target)}}
}
