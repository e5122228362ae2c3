using System.Text;
using System.Text.Json.Nodes;
using Injection.Pods;
using Injection.Text;

namespace Injection.Admission;

/// <summary>Answers a question of the API server, <c>admission.k8s.io/v1</c>: which changes a new pod gets.</summary>
internal static class AdmissionReview
{
    private const string ApiVersion = "admission.k8s.io/v1";

    // The API server cuts longer warnings.
    private const int MaxWarning = 256;

    /// <summary>The answer to a review.</summary>
    /// <param name="review">The review.</param>
    /// <param name="defaults">The settings that no annotation gives.</param>
    /// <param name="outcome">What was done, for the metric.</param>
    /// <returns>The answer.</returns>
    /// <exception cref="FormatException">It is not a review of this version; says what was expected.</exception>
    public static JsonObject Answer(JsonNode? review, PodSettings defaults, out InjectionOutcome outcome)
    {
        if (review.Mapping() is not { } question || question["apiVersion"].Text() != ApiVersion || question["kind"].Text() != "AdmissionReview")
            throw new FormatException($"an AdmissionReview of {ApiVersion} is expected");
        if (question["request"].Mapping() is not { } request || request["uid"].Text() is not { Length: > 0 } uid)
            throw new FormatException("request.uid is expected");
        var response = new JsonObject { ["uid"] = uid, ["allowed"] = true };
        outcome = Answer(request, defaults, response);
        return new JsonObject { ["apiVersion"] = ApiVersion, ["kind"] = "AdmissionReview", ["response"] = response };
    }

    private static InjectionOutcome Answer(JsonObject request, PodSettings defaults, JsonObject response)
    {
        if (request["object"].Mapping() is not { } pod || request["kind"].Mapping()?["kind"].Text() != "Pod" || pod["spec"].Mapping() is null)
        {
            Warn(response, ["the sidecar's webhook expects pods only: check its rules"]);
            return InjectionOutcome.Skipped;
        }

        var patch = new Patch(pod);
        var isJob = pod["metadata"].Mapping()?["ownerReferences"].Items().Any(owner => owner.Mapping()?["kind"].Text() == "Job") == true;
        var result = PodInjector.Inject(patch, defaults, isJob);
        switch (result.Outcome)
        {
            case InjectionOutcome.Refused:
                string[] reasons = [.. result.Errors.Select(error => error.Reason)];
                // A pod that asked for a sidecar does not run without one.
                response["allowed"] = false;
                response["status"] = new JsonObject { ["code"] = 400, ["reason"] = "BadRequest", ["message"] = "sidecar: " + string.Join("; ", reasons) };
                Warn(response, reasons);
                break;
            case InjectionOutcome.Skipped:
                Warn(response, [$"no sidecar: {result.Reason}"]);
                break;
            case InjectionOutcome.Changed:
                JsonNode[] operations = [.. patch.Changes.SelectMany(change => change.ToJsonPatch())];
                response["patchType"] = "JSONPatch";
                response["patch"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(new JsonArray(operations).ToJsonString()));
                Warn(response, result.Warnings);
                break;
            default:
                break;
        }

        return result.Outcome;
    }

    private static void Warn(JsonObject response, IReadOnlyList<string> warnings)
    {
        if (warnings.Count > 0)
            response["warnings"] = new JsonArray([.. warnings.Select(warning => (JsonNode)(warning.Length <= MaxWarning ? warning : warning[..(MaxWarning - 1)] + "…"))]);
    }
}
