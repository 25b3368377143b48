package fsx

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/fsx"
	"github.com/aws/aws-sdk-go-v2/service/fsx/types"

	"holdfast/sim/internal/cloud"
)

const maxTags = 50

// tokenUse is what a client request token was used for.
type tokenUse struct {
	parameters string
	made       string // id
}

// once answers a repeated token with what the first call made; the same token with other
// parameters is refused. Tokens are of one operation each, in one account and region.
// Source: https://docs.aws.amazon.com/fsx/latest/APIReference/API_CreateBackup.html
func (s *Service) once(c *cloud.Call, operation string, token *string, input any) (made string, keep func(id string), err error) {
	if aws.ToString(token) == "" {
		return "", func(string) {}, nil
	}
	raw, err := json.Marshal(input)
	if err != nil {
		return "", nil, cloud.Errorf("InternalServerError", "encode the parameters: %v", err)
	}
	key := operation + "|" + *token
	use, again := s.tokens.Get(c.Place, key)
	if again && use.parameters != string(raw) {
		return "", nil, &types.IncompatibleParameterError{
			Message: aws.String("the client request token was used with other parameters"), Parameter: aws.String("ClientRequestToken"),
		}
	}
	return use.made, func(id string) { s.tokens.Put(c.Place, key, tokenUse{string(raw), id}) }, nil
}

// tagsOf checks tags against FSx's limits.
// Source: https://docs.aws.amazon.com/fsx/latest/LustreGuide/tag-resources.html
func tagsOf(list []types.Tag) (map[string]string, error) {
	tags := map[string]string{}
	for _, t := range list {
		key, value := aws.ToString(t.Key), aws.ToString(t.Value)
		if key == "" || len([]rune(key)) > 128 || len([]rune(value)) > 256 || strings.HasPrefix(key, "aws:") {
			return nil, badRequest("invalid tag " + key)
		}
		tags[key] = value
	}
	return tags, tooMany(tags)
}

func tooMany(tags map[string]string) error {
	if len(tags) > maxTags {
		return badRequest("a resource has at most 50 tags")
	}
	return nil
}

func tagList(tags map[string]string) []types.Tag {
	list := make([]types.Tag, 0, len(tags))
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, types.Tag{Key: aws.String(key), Value: aws.String(tags[key])})
	}
	return list
}

// tagged returns the tags of whatever has an ARN, to be changed in place.
func (s *Service) tagged(c *cloud.Call, given *string) (map[string]string, error) {
	arn := aws.ToString(given)
	id := arn[strings.LastIndexByte(arn, '/')+1:]
	if b, ok := s.backups.Get(c.Place, id); ok {
		return b.tags, nil
	}
	if f, ok := s.systems.Get(c.Place, id); ok {
		return f.tags, nil
	}
	return nil, &types.ResourceNotFound{ResourceARN: given, Message: aws.String("there is no resource " + arn)}
}

func (s *Service) listTags(c *cloud.Call, in *fsx.ListTagsForResourceInput) (*fsx.ListTagsForResourceOutput, error) {
	tags, err := s.tagged(c, in.ResourceARN)
	if err != nil {
		return nil, err
	}
	return &fsx.ListTagsForResourceOutput{Tags: tagList(tags)}, nil
}

func (s *Service) tagResource(c *cloud.Call, in *fsx.TagResourceInput) (*fsx.TagResourceOutput, error) {
	tags, err := s.tagged(c, in.ResourceARN)
	if err != nil {
		return nil, err
	}
	more, err := tagsOf(in.Tags)
	if err != nil {
		return nil, err
	}
	all := maps.Clone(tags)
	maps.Copy(all, more)
	if err := tooMany(all); err != nil {
		return nil, err
	}
	maps.Copy(tags, more)
	return &fsx.TagResourceOutput{}, nil
}
