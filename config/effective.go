package config

// Setting is one key as it is in effect, for `holdfast config print`.
type Setting struct {
	Key    string `json:"key"`
	Value  any    `json:"value"`  // secrets are redacted
	Text   string `json:"-"`      // the value on one line, as an environment variable would have it
	Origin string `json:"origin"` // default, FILE:LINE, env NAME, or what Set was told
	Env    string `json:"env"`    // the variable that overrides it
}

// Effective returns every key with its value and where that came from, in the order of
// the reference page. It holds no secret.
func (c *Config) Effective() []Setting {
	table := keys(c)
	settings := make([]Setting, 0, len(table))
	for _, k := range table {
		settings = append(settings, Setting{
			Key: k.path, Value: k.value.encoded(), Text: k.value.text(),
			Origin: c.origins[k.path].String(), Env: k.env(),
		})
	}
	return settings
}
