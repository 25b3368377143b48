package awsbackup

import (
	"encoding/json"
	"strings"
	"unicode"

	"holdfast/driver/internal/parameters"
)

// Metadata returns the set fields of an SDK input as restore metadata: all values are texts,
// nested ones JSON without what is not set in them.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_StartRestoreJob.html
func Metadata(input any) map[string]string {
	call, _ := parameters.Call("backup:StartRestoreJob", input) // SDK inputs are plain structs, which always encode
	var fields map[string]json.RawMessage
	_ = json.Unmarshal(call.Input, &fields)
	metadata := map[string]string{}
	for name, value := range fields {
		if text := plain(value); text != "" {
			metadata[name] = text
		}
	}
	return metadata
}

// LowerCamel returns metadata with names as the databases in clusters want them:
// dbClusterIdentifier for DBClusterIdentifier.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/restoring-aur.html
func LowerCamel(metadata map[string]string) map[string]string {
	out := make(map[string]string, len(metadata))
	for name, value := range metadata {
		out[lowerCamel(name)] = value
	}
	return out
}

// plain returns a JSON value as text, "" for one that is not set.
func plain(value json.RawMessage) string {
	var text string
	switch {
	case string(value) == "null", string(value) == "{}", string(value) == "[]":
		return ""
	case json.Unmarshal(value, &text) == nil:
		return text
	default:
		return string(value)
	}
}

// lowerCamel lowers the first word of a name: DBClusterIdentifier is dbClusterIdentifier.
func lowerCamel(name string) string {
	upper := strings.IndexFunc(name, func(r rune) bool { return !unicode.IsUpper(r) })
	switch {
	case upper < 0:
		return strings.ToLower(name)
	case upper == 0:
		return name
	default:
		first := max(upper-1, 1)
		return strings.ToLower(name[:first]) + name[first:]
	}
}
