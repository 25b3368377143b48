package trial

import (
	"holdfast/policy/jsonlist"
	"holdfast/resource"
)

// EachResource calls yield for every resource of a JSON list of {"arn","type","tags"}, or
// of what `holdfast inventory list --output json` prints. tags is an object, or AWS's list
// of Key and Value; type is not looked at, the ARN says it. Resources that cannot be read
// are problems and not yielded.
func EachResource(data []byte, yield func(resource.Resource)) []jsonlist.Problem {
	return jsonlist.Read(data, []string{"resources"}, func(item *jsonlist.Item) {
		r := resource.Resource{
			ARN:  item.Needed("arn", "resource_arn"),
			Kind: resource.Kind(item.Text("kind")),
			Tags: item.StringMap("tags", "tag_list", "tag_set"),
		}
		item.Text("type", "resource_type") // has to be text, if it is there
		if r.ARN != "" {
			yield(r)
		}
	})
}
