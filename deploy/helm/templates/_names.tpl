{{/* Names and labels of all objects. */}}
{{- define "patchbay.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "patchbay.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "patchbay.labels" -}}
{{ include "patchbay.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{/* Whether the configuration is somewhere else. */}}
{{- define "patchbay.isConfigElsewhere" -}}
{{- if and .Values.existingConfigMap .Values.existingSecret }}{{ fail "Set existingConfigMap or existingSecret, not both." }}{{ end -}}
{{- if or .Values.existingConfigMap .Values.existingSecret }}true{{ end -}}
{{- end }}

{{/* Seconds that an instance may take to end: what it waits for, and five more. */}}
{{- define "patchbay.grace" -}}
{{- $gateway := .Values.config.gateway | default dict -}}
{{- $drain := 30000 -}}{{- if hasKey $gateway "drain" }}{{ $drain = int64 $gateway.drain }}{{ end -}}
{{- $delay := int64 ($gateway.drainDelay | default 0) -}}
{{- $needed := add (div (add $drain $delay 999) 1000) 5 -}}
{{- .Values.terminationGracePeriodSeconds | default (ternary 45 $needed (eq (include "patchbay.isConfigElsewhere" .) "true")) -}}
{{- end }}
