//! What the types cannot say of themselves: which params each workload takes, how many cores
//! there are here, what an id is made of.

use crate::machine;
use filature_core::api::limits;
use filature_core::params::{ParamKind, ParamSpec};
use filature_core::workload::Workload;
use filature_core::{Executor, workloads};
use serde_json::{Map, Value, json};

/// The ids of experiments and comparisons.
const ID: &str = "^[0-9a-z]{1,64}$";

/// The cursors of lists: not every text of this form is one.
const CURSOR: &str = "^[0-9a-f]{24}$";

/// The description with what only the running program knows, as the JSON that is served.
pub(in super::super) fn completed(api: &utoipa::openapi::OpenApi) -> Value {
    let mut api = serde_json::to_value(api).expect("a description is plain data");
    let request = &mut api["components"]["schemas"]["ExperimentRequest"];
    *request = requests(request.take());
    let operations = api["paths"].as_object_mut().into_iter().flat_map(Map::values_mut);
    for operation in operations.filter_map(Value::as_object_mut).flat_map(Map::values_mut) {
        let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
        for parameter in parameters.into_iter().flatten() {
            complete_parameter(parameter);
        }
    }
    let events = &mut api["paths"]["/api/v1/events"]["get"]["responses"]["200"]["content"];
    events["text/event-stream"]["schema"] = event();
    api
}

fn complete_parameter(parameter: &mut Value) {
    let name = parameter["name"].as_str().unwrap_or_default().to_owned();
    // The names of workloads and the tags of the catalogue are no ids of the history.
    let is_id = matches!(name.as_str(), "experiment" | "comparison")
        || name == "id"
            && parameter["description"].as_str().is_some_and(|d| !d.contains("workload"));
    let schema = &mut parameter["schema"];
    match name.as_str() {
        _ if is_id => schema["pattern"] = ID.into(),
        "cursor" => schema["pattern"] = CURSOR.into(),
        "cell" => schema["maximum"] = (limits::CELLS_MAX - 1).into(),
        "with" => {
            schema["maxItems"] = limits::BESIDE_MAX.into();
            schema["items"]["pattern"] = ID.into();
        }
        "workload" => schema["enum"] = workload_ids(),
        _ => {}
    }
}

fn workload_ids() -> Value {
    workloads::ALL.iter().map(|workload| workload.id()).collect()
}

/// A request, as one of those for each workload.
fn requests(general: Value) -> Value {
    let variants: Vec<Value> =
        workloads::ALL.iter().map(|workload| request(&general, *workload)).collect();
    json!({ "description": general["description"], "oneOf": variants })
}

/// A request for experiments with one workload.
fn request(general: &Value, workload: &dyn Workload) -> Value {
    let params = workload.params();
    let mut request = general.clone();
    request["title"] = workload.id().into();
    request["additionalProperties"] = false.into();
    let fields = &mut request["properties"];
    fields["workload"]["const"] = workload.id().into();
    fields["params"]["properties"] =
        params.iter().map(|param| (param.name.clone(), param.schema())).collect();
    fields["params"]["additionalProperties"] = false.into();
    fields["cores"]["maximum"] = machine::cores().min(limits::CORES_MAX).into();
    let executors: Vec<&str> = Executor::ALL.iter().map(|executor| executor.id()).collect();
    fields["executors"]["items"]["enum"] = json!(executors);
    fields["executors"]["minItems"] = 1.into();
    fields["executors"]["uniqueItems"] = true.into();
    let description = fields["sweep"]["oneOf"][0]["description"].take();
    let sweeps = params.iter().filter_map(sweep).chain([json!({"type": "null"})]);
    fields["sweep"] = json!({"description": description, "oneOf": sweeps.collect::<Vec<_>>()});
    request
}

/// The sweep of one whole-number param.
fn sweep(param: &ParamSpec) -> Option<Value> {
    let ParamKind::Integer { min, max, .. } = &param.kind else { return None };
    Some(json!({
        "type": "object",
        "required": ["param", "values"],
        "additionalProperties": false,
        "properties": {
            "param": {"const": param.name},
            "values": {
                "type": "array", "minItems": 1, "maxItems": limits::SWEEP_MAX, "uniqueItems": true,
                "items": {"type": "integer", "minimum": min, "maximum": max},
            },
        },
    }))
}

/// One event of the stream, in the form that readers of event streams know.
fn event() -> Value {
    json!({
        "type": "object",
        "required": ["data"],
        "properties": {
            "id": {"type": "string", "description": "To resume after, with `Last-Event-ID`"},
            "event": {"type": "string", "description": "The field `event` of the data"},
            "data": {
                "type": "string",
                "contentMediaType": "application/json",
                "contentSchema": {"$ref": "#/components/schemas/Event"},
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_workload_has_its_params_in_the_description() {
        let general = json!({"properties": {"sweep": {"oneOf": [{"description": "d"}]}}});
        let all = requests(general);
        assert_eq!(all["oneOf"].as_array().unwrap().len(), workloads::ALL.len());
        let fan_out = &all["oneOf"][0]["properties"];
        assert_eq!(fan_out["workload"]["const"], "fan-out");
        assert_eq!(fan_out["params"]["properties"]["units"]["maximum"], 1_000_000);
        assert_eq!(fan_out["sweep"]["oneOf"][0]["properties"]["param"]["const"], "units");
    }
}
