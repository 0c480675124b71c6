// Package system runs the programs as they are shipped: central, gateways and the demo's runner as processes of their own,
// with simulated readers on real serial lines, real disks and real sockets between them; one test for each promise of the
// README's table, named after it. It holds tests alone and reaches into no process: what it knows it was told by a light, a
// page, a metric or the API, as people and programs of a university are; only what a stopped gateway left on its disk is
// read from there.
package system
