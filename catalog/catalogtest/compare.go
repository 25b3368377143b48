package catalogtest

import (
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// emptyIsNil: a store may return an empty list or map where nil was stored.
var emptyIsNil = []cmp.Option{cmpopts.EquateEmpty()}
