// Command ottl-oracle runs the OpenTelemetry Collector's own transform and filter processors on test cases, so that Weir's OTTL can be
// held against them. It reads one JSON case a line from standard input and writes one JSON result a line; see `golden.ts` beside it.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/open-telemetry/opentelemetry-collector-contrib/processor/filterprocessor"
	"github.com/open-telemetry/opentelemetry-collector-contrib/processor/transformprocessor"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"

	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processortest"
)

type testCase struct {
	ID        string          `json:"id"`
	Processor string          `json:"processor"`
	Signal    string          `json:"signal"`
	Config    map[string]any  `json:"config"`
	Input     json.RawMessage `json:"input"`
}

type result struct {
	ID string `json:"id"`
	// The configuration was refused.
	Refused string `json:"refused,omitempty"`
	// The request failed.
	Failed string `json:"failed,omitempty"`
	Panic  string `json:"panic,omitempty"`
	// What was sent on; null if nothing was.
	Output json.RawMessage `json:"output"`
}

func main() {
	factories := map[string]processor.Factory{
		"transform": transformprocessor.NewFactory(),
		"filter":    filterprocessor.NewFactory(),
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 1<<20), 1<<26)
	out := bufio.NewWriter(os.Stdout)
	for lines.Scan() {
		var test testCase
		if err := json.Unmarshal(lines.Bytes(), &test); err != nil {
			fmt.Fprintln(os.Stderr, "not a case:", err)
			os.Exit(1)
		}
		encoded, err := json.Marshal(run(factories[test.Processor], test))
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		out.Write(encoded)
		out.WriteByte('\n')
		out.Flush()
	}
}

func run(factory processor.Factory, test testCase) (res result) {
	res.ID = test.ID
	defer func() {
		if cause := recover(); cause != nil {
			res.Panic = fmt.Sprint(cause)
			res.Output = nil
		}
	}()
	ctx := context.Background()
	config := factory.CreateDefaultConfig()
	if err := confmap.NewFromStringMap(test.Config).Unmarshal(config); err != nil {
		res.Refused = err.Error()
		return res
	}
	if err := confmap.Validate(config); err != nil {
		res.Refused = err.Error()
		return res
	}
	settings := processortest.NewNopSettings(factory.Type())
	host := componenttest.NewNopHost()
	switch test.Signal {
	case "traces":
		sink := &consumertest.TracesSink{}
		node, err := factory.CreateTraces(ctx, settings, config, sink)
		if err != nil {
			res.Refused = err.Error()
			return res
		}
		data, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(test.Input)
		check(err)
		check(node.Start(ctx, host))
		if err := node.ConsumeTraces(ctx, data); err != nil {
			res.Failed = err.Error()
			return res
		}
		for _, sent := range sink.AllTraces() {
			res.Output, err = (&ptrace.JSONMarshaler{}).MarshalTraces(sent)
			check(err)
		}
	case "metrics":
		sink := &consumertest.MetricsSink{}
		node, err := factory.CreateMetrics(ctx, settings, config, sink)
		if err != nil {
			res.Refused = err.Error()
			return res
		}
		data, err := (&pmetric.JSONUnmarshaler{}).UnmarshalMetrics(test.Input)
		check(err)
		check(node.Start(ctx, host))
		if err := node.ConsumeMetrics(ctx, data); err != nil {
			res.Failed = err.Error()
			return res
		}
		for _, sent := range sink.AllMetrics() {
			res.Output, err = (&pmetric.JSONMarshaler{}).MarshalMetrics(sent)
			check(err)
		}
	case "logs":
		sink := &consumertest.LogsSink{}
		node, err := factory.CreateLogs(ctx, settings, config, sink)
		if err != nil {
			res.Refused = err.Error()
			return res
		}
		data, err := (&plog.JSONUnmarshaler{}).UnmarshalLogs(test.Input)
		check(err)
		check(node.Start(ctx, host))
		if err := node.ConsumeLogs(ctx, data); err != nil {
			res.Failed = err.Error()
			return res
		}
		for _, sent := range sink.AllLogs() {
			res.Output, err = (&plog.JSONMarshaler{}).MarshalLogs(sent)
			check(err)
		}
	}
	return res
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
