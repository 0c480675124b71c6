// Package check holds the dashboard and the alert rules to what the programs really export: it builds them, runs a small
// campus, scrapes it, and evaluates every query with Prometheus's own parser, storage and engine. It is a module of its own
// so that the product does not depend on Prometheus. It looks at no picture.
package check
