package driver_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/driver"
	"holdfast/resource"
)

// stub is a driver that is nothing but its descriptor.
type stub struct {
	driver.Driver
	kind   resource.Kind
	engine driver.Engine
}

func (s stub) Descriptor() driver.Descriptor {
	return driver.Descriptor{Kind: s.kind, Engine: s.engine}
}

func TestRegistryKeepsOneDriverOfEachKindAndEngine(t *testing.T) {
	t.Parallel()
	table := stub{kind: resource.DynamoDB} // a descriptor that names no engine is native
	vault, files := stub{kind: resource.DynamoDB, engine: driver.AWSBackup}, stub{kind: resource.EFS, engine: driver.AWSBackup}
	r := driver.NewRegistry(files, vault, table)
	for _, c := range []struct {
		kind   resource.Kind
		engine driver.Engine
		want   driver.Driver
	}{
		{resource.DynamoDB, "", table}, {resource.DynamoDB, driver.Native, table}, {resource.DynamoDB, driver.AWSBackup, vault},
		{resource.EFS, "", files}, {resource.EFS, driver.AWSBackup, files}, {resource.EFS, driver.Native, nil}, {resource.S3, "", nil},
	} {
		if got, ok := r.For(c.kind, c.engine); got != c.want || ok != (c.want != nil) {
			t.Errorf("%s by %q is %v, %t, want %v", c.kind, c.engine, got, ok, c.want)
		}
	}
	if diff := cmp.Diff([]driver.Engine{driver.Native, driver.AWSBackup}, r.Engines(resource.DynamoDB)); diff != "" {
		t.Errorf("engines (-want +got):\n%s", diff)
	}
	if all := r.All(); len(all) != 3 || all[0] != table || all[1] != vault || all[2] != files {
		t.Errorf("all drivers are %v", all)
	}
}

func TestRegistryRefusesTwoOfOneKindAndEngine(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("two native drivers of one kind were taken")
		}
	}()
	driver.NewRegistry(stub{kind: resource.EBS}, stub{kind: resource.EBS, engine: driver.Native})
}

func TestParseEngine(t *testing.T) {
	t.Parallel()
	for _, e := range driver.Engines() {
		if got, err := driver.ParseEngine(string(e)); got != e || err != nil {
			t.Errorf("engine %q is parsed as %q, %v", e, got, err)
		}
	}
	if _, err := driver.ParseEngine("Native"); err == nil {
		t.Error("an engine nobody knows was taken")
	}
}
