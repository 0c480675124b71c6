package drivertest

import (
	"context"
	"log/slog"
)

// Log is a logger that reports each record of level Warn or above on news, without waiting; the text is dropped.
func Log(news chan<- struct{}) *slog.Logger { return slog.New(bell{news}) }

type bell struct{ news chan<- struct{} }

func (b bell) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelWarn }
func (b bell) WithAttrs([]slog.Attr) slog.Handler           { return b }
func (b bell) WithGroup(string) slog.Handler                { return b }

func (b bell) Handle(context.Context, slog.Record) error {
	select {
	case b.news <- struct{}{}:
	default:
	}
	return nil
}
