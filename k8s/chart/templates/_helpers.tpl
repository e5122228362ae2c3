{{- define "sidecar.labels" -}}
app.kubernetes.io/name: {{ . }}
app.kubernetes.io/part-of: sidecar-demo
{{- end }}

{{- define "sidecar.image" -}}
{{- $root := index . 0 -}}
{{ $root.Values.image.registry }}/{{ index . 1 }}:{{ $root.Values.image.tag | default $root.Chart.AppVersion }}
{{- end }}

{{- define "sidecar.iptables" -}}
- name: sidecar-iptables
  image: {{ include "sidecar.image" (list .root "sidecar-iptables") }}
  args: [apply, --{{ .role }}-port, "{{ .listen }}", --{{ .role }}-ports, "9000"]
  securityContext:
    runAsUser: 0
    runAsGroup: 0
    runAsNonRoot: false
    allowPrivilegeEscalation: false
    readOnlyRootFilesystem: true
    capabilities:
      drop: [ALL]
      add: [NET_ADMIN, NET_RAW]
    seccompProfile:
      type: RuntimeDefault
  resources:
    requests:
      cpu: 10m
      memory: 16Mi
    limits:
      memory: 32Mi
{{- end }}

{{- define "sidecar.container" -}}
- name: sidecar
  image: {{ include "sidecar.image" (list .root "sidecar") }}
  {{- if .root.Values.sidecar.native }}
  restartPolicy: Always
  {{- else }}
  lifecycle:
    postStart:
      exec:
        command: [/app/Sidecar, wait, ready]
    preStop:
      exec:
        command: [/app/Sidecar, wait, 15s]
  {{- end }}
  env:
    {{- if .root.Values.kubernetesNames.enabled }}
    - name: SIDECAR__KUBERNETES__NAMES
      value: "on"
    {{- end }}
    - name: SIDECAR__LISTENERS__0__ROLE
      value: {{ .role }}
    - name: SIDECAR__LISTENERS__0__LISTEN
      value: "{{ .listen }}"
    - name: SIDECAR__ORACLE__ADDRESS
      value: oracle:9100
    - name: SIDECAR__DRAIN_DELAY
      value: {{ .root.Values.sidecar.drainDelay | quote }}
    {{- if eq .role "inbound" }}
    - name: SIDECAR__PROBES__{{ upper .name }}_LIVENESS
      value: http://:9000/healthz
    - name: SIDECAR__PROBES__{{ upper .name }}_READINESS
      value: http://:9000/healthz
    {{- end }}
    - name: POD_NAME
      valueFrom:
        fieldRef:
          fieldPath: metadata.name
    - name: POD_NAMESPACE
      valueFrom:
        fieldRef:
          fieldPath: metadata.namespace
    - name: POD_SERVICE_ACCOUNT
      valueFrom:
        fieldRef:
          fieldPath: spec.serviceAccountName
    - name: NODE_NAME
      valueFrom:
        fieldRef:
          fieldPath: spec.nodeName
  ports:
    - name: sidecar-health
      containerPort: 15021
    - name: sidecar-metrics
      containerPort: 15090
  startupProbe:
    httpGet:
      path: /readyz
      port: 15021
    periodSeconds: 1
    failureThreshold: 60
  readinessProbe:
    httpGet:
      path: /readyz
      port: 15021
    periodSeconds: 5
  livenessProbe:
    httpGet:
      path: /healthz
      port: 15021
    periodSeconds: 10
  securityContext:
    runAsUser: 1337
    runAsGroup: 1337
    runAsNonRoot: true
    allowPrivilegeEscalation: false
    readOnlyRootFilesystem: true
    capabilities:
      drop: [ALL]
    seccompProfile:
      type: RuntimeDefault
  resources:
    {{- toYaml .root.Values.sidecar.resources | nindent 4 }}
  volumeMounts:
    - name: sidecar-pod
      mountPath: /etc/podinfo
      readOnly: true
    {{- if .root.Values.kubernetesNames.enabled }}
    - name: sidecar-token
      mountPath: /var/run/secrets/kubernetes.io/serviceaccount
      readOnly: true
    {{- end }}
{{- end }}
