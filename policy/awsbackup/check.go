package awsbackup

import (
	"regexp"
	"strconv"
	"strings"

	"holdfast/policy"
	"holdfast/policy/strictjson"
)

// CheckPlan finds everything that is wrong with a plan, its form and what it says. What
// AWS Backup carries out and Holdfast does not is a warning.
func CheckPlan(f policy.File) policy.Result {
	doc, result := ParsePlan(f)
	if len(result.Problems) > 0 {
		return result
	}
	own := doc.AWSOnly()
	p := &doc.Plans[0]
	p.AWS = policy.AWSPlan{}
	for i := range p.Rules {
		p.Rules[i].AWS = policy.AWSRule{}
	}
	found := check(f, doc)
	for _, w := range own {
		found.Warnings = append(found.Warnings, policy.Problem{Path: w.Path, Message: "Holdfast: " + w.Message})
	}
	return located(f, found)
}

// CheckSelection is the same for a selection.
func CheckSelection(f policy.File) policy.Result {
	doc, result := ParseSelection(f)
	if len(result.Problems) > 0 {
		return result
	}
	_, problems, warnings := policy.NewSelection(doc.Name, doc.Criteria)
	return located(f, policy.Result{Problems: issues(problems), Warnings: issues(warnings)})
}

func issues(list []policy.Issue) (problems []policy.Problem) {
	for _, i := range list {
		problems = append(problems, policy.Problem{Path: i.Path, Message: i.Message})
	}
	return problems
}

// everything stands in for selections, which AWS Backup keeps apart from the plan.
var everything = policy.SelectionDocument{Name: "everything", Criteria: policy.Criteria{Resources: []string{"*"}}}

func check(f policy.File, doc policy.Document) policy.Result {
	p := &doc.Plans[0]
	for i := range p.Selections {
		p.Selections[i].IAMRoleARN = "" // about it Compile only says that Holdfast has roles of its own
	}
	if len(p.Selections) == 0 {
		p.Selections = []policy.SelectionDocument{everything}
	}
	_, result := policy.CompileDocuments([]policy.Source{{Name: f.Name, Document: doc}}, nil)
	return result
}

// located gives problems of a Document the path and line they have in the JSON.
func located(f policy.File, found policy.Result) policy.Result {
	root, _ := strictjson.Parse(f.Data) // it has been read before
	for _, list := range [][]policy.Problem{found.Problems, found.Warnings} {
		for i := range list {
			list[i].File = f.Name
			list[i].Path, list[i].Line = locate(root, list[i].Path)
		}
	}
	return found
}

var segment = regexp.MustCompile(`^([^\[]*)(?:\[(\d+)\])?$`)

// locate follows a path of a Document through the JSON and returns it as the JSON spells
// it, with the line of the nearest thing that is there.
func locate(root *strictjson.Node, path string) (spelled string, line int) {
	parts := strings.Split(path, ".")
	node := root
	switch {
	case parts[0] != "plans[0]":
		if inner := root.Member("BackupSelection"); inner != nil {
			node, spelled = inner, "BackupSelection"
		}
	case len(parts) > 1 && strings.HasPrefix(parts[1], "selections["):
		parts = parts[1:]
	default:
		parts = parts[1:]
		if inner := root.Member("BackupPlan"); inner != nil {
			node, spelled = inner, "BackupPlan"
		}
	}
	line = root.Line
	parent := ""
	for _, part := range parts {
		m := segment.FindStringSubmatch(part)
		if m == nil || part == "" {
			continue
		}
		key := spelling(parent, m[1])
		parent = m[1]
		spelled = strictjson.Join(spelled, key)
		node = descend(node, key, m[2])
		if m[2] != "" {
			spelled += "[" + m[2] + "]"
		}
		if node != nil {
			line = node.Line
		}
	}
	return spelled, line
}

func descend(node *strictjson.Node, key, index string) *strictjson.Node {
	if node == nil {
		return nil
	}
	if node = node.Member(key); node == nil || index == "" {
		return node
	}
	i, err := strconv.Atoi(index)
	if err != nil || i >= len(node.Items) {
		return nil
	}
	return node.Items[i]
}

// spelling is the API's name of a key of a Document.
func spelling(parent, key string) string {
	switch {
	case key == "name" && parent == "rules":
		return "RuleName"
	case key == "name" && parent == "":
		return "BackupPlanName"
	case key == "name":
		return "SelectionName"
	case key == "selections":
		return "BackupSelections"
	case parent == "recovery_point_tags":
		return key
	}
	var b strings.Builder
	for word := range strings.SplitSeq(key, "_") {
		if word != "" {
			b.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	return b.String()
}
