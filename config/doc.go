// Package config reads how an installation of Holdfast is set up: one YAML file, every
// key of which can also be given as an environment variable.
//
// One table (keys.go) names every key with its type, default and meaning. Parsing, the
// environment, the defaults, `config print`, the example file and the reference page are
// all derived from it, so a key cannot exist in one of them only. A variable wins over
// the file, the file over the default. Everything that is wrong is reported at once.
package config
