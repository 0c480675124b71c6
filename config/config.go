// Package config reads the YAML files of the gateway and of central into plain values with defaults, and reports every fault
// of a file at once, each with its line and what to do. It opens nothing and starts nothing; only the two assemblies and
// their mains read it.
package config

import (
	"fmt"
	"os"
	"time"

	"github.com/rollcall-edge/rollcall/config/document"
)

// Fault is one thing wrong with a configuration file.
type Fault = document.Fault

// Faults is every fault of one file, in the order of the file. Programs print it and exit with status 2.
type Faults = document.Faults

// Duration is a time.Duration written as text: "90s", "24h".
type Duration time.Duration

// UnmarshalText reads what time.ParseDuration reads, but nothing negative.
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	if err != nil || v < 0 {
		return fmt.Errorf("%q is not a duration; write for example 90s, 15m or 24h", b)
	}
	*d = Duration(v)
	return nil
}

// Std is the duration as the standard library has it.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// LoadGateway reads the configuration of a gateway. A faulty file gives Faults.
func LoadGateway(path string) (*Gateway, error) {
	c := defaultGateway()
	return c, load(path, c, c.validate)
}

// LoadCentral reads the configuration of central. A faulty file gives Faults.
func LoadCentral(path string) (*Central, error) {
	c := defaultCentral()
	return c, load(path, c, c.validate)
}

func load(path string, into any, validate func(*checker)) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return Faults{{File: path, Detail: fmt.Sprintf("the file cannot be read (%v); name one with --config", err)}}
	}
	return document.Read(path, text, into, func(c *document.Checker) { validate(&checker{c}) })
}
