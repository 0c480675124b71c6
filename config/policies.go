package config

import "embed"

// Policies are the policies that a university may start from, policies/<name>.yaml: five made from the documents of
// universities and colleges, and a blank one.
//
//go:embed policies/*.yaml
var Policies embed.FS
