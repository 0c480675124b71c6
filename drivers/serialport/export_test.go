package serialport

import "time"

// Judge and NextPause let the table tests reach the two decisions of this package.
type Judge struct{ e ending }

func (j *Judge) Read(n int, err error, took time.Duration) error { return j.e.judge(n, err, took) }

var NextPause = nextPause

// OnIdle sets the hook that is called after each idle read.
func (o *Options) OnIdle(f func()) { o.onIdle = f }
