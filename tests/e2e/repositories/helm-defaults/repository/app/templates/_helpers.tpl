{{- define "web.labels" -}}
app.kubernetes.io/name: {{ .Values.name }}
{{- end }}
