module github.com/rollcall-edge/rollcall/test/outage

go 1.26.0

require (
	github.com/google/go-cmp v0.7.0
	github.com/hanwen/go-fuse/v2 v2.12.1
	github.com/rollcall-edge/rollcall v0.0.0
	golang.org/x/sys v0.49.0
)

replace github.com/rollcall-edge/rollcall => ../..
