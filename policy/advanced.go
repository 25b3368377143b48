package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"holdfast/resource"
)

// AdvancedSetting has the backup options of one kind, as in EC2: WindowsVSS.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_AdvancedBackupSetting.html
type AdvancedSetting struct {
	ResourceType string            `yaml:"resource_type,required"`
	Options      map[string]string `yaml:"backup_options,required"`
}

// kindOf returns the kind of a type of resources: AWS Backup's names of those that have
// options are the kinds' own in capitals.
func kindOf(resourceType string) resource.Kind { return resource.Kind(strings.ToLower(resourceType)) }

// options returns the options that some engine takes for each kind that has any.
func (c *compiler) options() map[resource.Kind][]string {
	known := map[resource.Kind][]string{}
	for _, k := range c.caps {
		for _, a := range k.Engines {
			known[k.Kind] = append(known[k.Kind], a.Options...)
		}
	}
	maps.DeleteFunc(known, func(_ resource.Kind, options []string) bool { return len(options) == 0 })
	return known
}

// advanced checks the settings of a plan and gives each of its rules the options by kind.
func (c *compiler) advanced(path string, settings []AdvancedSetting, rules []Rule) {
	byKind, options := map[resource.Kind]map[string]string{}, c.options()
	for i, s := range settings {
		at := indexed(path+".advanced_backup_settings", i)
		kind := kindOf(s.ResourceType)
		known := options[kind]
		switch {
		case known == nil && len(c.caps) > 0:
			c.report.problem(at+".resource_type", "%q has no backup options: write %s", clip(s.ResourceType), typeNames(options))
			continue
		case byKind[kind] != nil:
			c.report.problem(at+".resource_type", "%s has settings already: put all its options into one", clip(s.ResourceType))
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(s.Options)) {
			if known != nil && !slices.Contains(known, name) {
				c.report.problem(at+".backup_options", "%s has no option %q: use %s", s.ResourceType, clip(name), strings.Join(known, ", "))
			} else if value := s.Options[name]; value != "enabled" && value != "disabled" {
				c.report.problem(at+".backup_options."+name, "%q: write enabled or disabled", clip(value))
			}
		}
		byKind[kind] = maps.Clone(s.Options)
	}
	for i := range rules {
		if len(byKind) > 0 {
			rules[i].BackupOptions = byKind
		}
	}
}

// typeNames lists the types that have options.
func typeNames(options map[resource.Kind][]string) string {
	var names []string
	for _, kind := range slices.Sorted(maps.Keys(options)) {
		names = append(names, strings.ToUpper(string(kind)))
	}
	return strings.Join(names, " or ")
}

// optionNeeds asks the kinds that have options for the engine that takes them.
func (c *compiler) optionNeeds(path string, settings []AdvancedSetting) (needs []need) {
	known := c.options()
	for i, s := range settings {
		for _, name := range slices.Sorted(maps.Keys(s.Options)) {
			if !slices.Contains(known[kindOf(s.ResourceType)], name) {
				continue // which is a problem already
			}
			needs = append(needs, need{
				path: fmt.Sprintf("%s.advanced_backup_settings[%d].backup_options.%s", path, i, name), what: "take the backup option " + name,
				of:      kindOf(s.ResourceType),
				instead: func(Capabilities) string { return "leave the option out" },
				met:     func(a Abilities, _ reach) bool { return slices.Contains(a.Options, name) },
			})
		}
	}
	return needs
}
