// An agent on opamp-go's client: it reports what it is, applies what it is offered (but for a body that says "bad"), and writes a line of
// JSON for each event. It stops, and says so to the server, when its input ends; a line "uid" on it asks for another instance uid.
//
//	opamp-agent ws://127.0.0.1:4320/v1/opamp INSTANCE_UID [TOKEN]
package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/open-telemetry/opamp-go/client"
	"github.com/open-telemetry/opamp-go/client/types"
	"github.com/open-telemetry/opamp-go/protobufs"
)

type quiet struct{}

func (quiet) Debugf(context.Context, string, ...interface{}) {}
func (quiet) Errorf(context.Context, string, ...interface{}) {}

var output sync.Mutex

func say(event string, detail string) {
	output.Lock()
	defer output.Unlock()
	line, _ := json.Marshal(map[string]string{"event": event, "detail": detail})
	fmt.Println(string(line))
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func text(key, value string) *protobufs.KeyValue {
	return &protobufs.KeyValue{Key: key, Value: &protobufs.AnyValue{Value: &protobufs.AnyValue_StringValue{StringValue: value}}}
}

type agent struct {
	client    client.OpAMPClient
	effective *protobufs.AgentConfigMap
	applied   []byte
}

func (a *agent) apply(offer *protobufs.AgentRemoteConfig) {
	body := ""
	for _, object := range offer.Config.ConfigMap {
		body += string(object.Body)
	}
	say("config", hex.EncodeToString(offer.ConfigHash))
	status := func(hash []byte, status protobufs.RemoteConfigStatuses, message string) {
		must(a.client.SetRemoteConfigStatus(&protobufs.RemoteConfigStatus{LastRemoteConfigHash: hash, Status: status, ErrorMessage: message}))
	}
	status(offer.ConfigHash, protobufs.RemoteConfigStatuses_RemoteConfigStatuses_APPLYING, "")
	if strings.Contains(body, "bad") {
		// As the supervisor does: the new one has failed, the old one runs again.
		status(offer.ConfigHash, protobufs.RemoteConfigStatuses_RemoteConfigStatuses_FAILED, "the configuration is bad")
		time.AfterFunc(200*time.Millisecond, func() {
			status(a.applied, protobufs.RemoteConfigStatuses_RemoteConfigStatuses_APPLIED, "")
		})
		return
	}
	a.effective, a.applied = offer.Config, offer.ConfigHash
	status(offer.ConfigHash, protobufs.RemoteConfigStatuses_RemoteConfigStatuses_APPLIED, "")
	must(a.client.UpdateEffectiveConfig(context.Background()))
}

func main() {
	url := os.Args[1]
	uid, err := uuid.Parse(os.Args[2])
	must(err)
	header := http.Header{}
	if len(os.Args) > 3 {
		header.Set("Authorization", "Bearer "+os.Args[3])
	}
	a := &agent{effective: &protobufs.AgentConfigMap{}}
	if strings.HasPrefix(url, "ws") {
		a.client = client.NewWebSocket(quiet{})
	} else {
		a.client = client.NewHTTP(quiet{})
	}
	must(a.client.SetAgentDescription(&protobufs.AgentDescription{
		IdentifyingAttributes:    []*protobufs.KeyValue{text("service.name", "opamp-go")},
		NonIdentifyingAttributes: []*protobufs.KeyValue{text("os.type", "linux")},
	}))
	must(a.client.SetHealth(&protobufs.ComponentHealth{
		Healthy:            true,
		StartTimeUnixNano:  uint64(time.Now().UnixNano()),
		ComponentHealthMap: map[string]*protobufs.ComponentHealth{"pipeline": {Healthy: true, Status: "StatusOK"}},
	}))
	capabilities := protobufs.AgentCapabilities_AgentCapabilities_ReportsStatus |
		protobufs.AgentCapabilities_AgentCapabilities_AcceptsRemoteConfig |
		protobufs.AgentCapabilities_AgentCapabilities_ReportsRemoteConfig |
		protobufs.AgentCapabilities_AgentCapabilities_ReportsEffectiveConfig |
		protobufs.AgentCapabilities_AgentCapabilities_ReportsHealth |
		protobufs.AgentCapabilities_AgentCapabilities_ReportsHeartbeat |
		protobufs.AgentCapabilities_AgentCapabilities_ReportsOwnMetrics
	must(a.client.SetCapabilities(&capabilities))
	heartbeat := time.Second
	must(a.client.Start(context.Background(), types.StartSettings{
		OpAMPServerURL:    url,
		Header:            header,
		InstanceUid:       types.InstanceUid(uid),
		EnableCompression: true,
		HeartbeatInterval: &heartbeat,
		Callbacks: types.Callbacks{
			OnConnect:       func(context.Context) { say("connected", "") },
			OnConnectFailed: func(_ context.Context, err error) { say("refused", err.Error()) },
			OnError:         func(_ context.Context, err *protobufs.ServerErrorResponse) { say("error", err.ErrorMessage) },
			GetEffectiveConfig: func(context.Context) (*protobufs.EffectiveConfig, error) {
				return &protobufs.EffectiveConfig{ConfigMap: a.effective}, nil
			},
			OnMessage: func(_ context.Context, message *types.MessageData) {
				if message.AgentIdentification != nil {
					given := uuid.UUID(message.AgentIdentification.NewInstanceUid)
					say("uid", given.String())
				}
				if message.OwnMetricsConnSettings != nil {
					say("own_metrics", message.OwnMetricsConnSettings.DestinationEndpoint)
				}
				if message.RemoteConfig != nil {
					a.apply(message.RemoteConfig)
				}
			},
		},
	}))
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		if lines.Text() == "uid" {
			a.client.SetFlags(protobufs.AgentToServerFlags_AgentToServerFlags_RequestInstanceUid)
		}
	}
	must(a.client.Stop(context.Background()))
	say("stopped", "")
}
