import org.json.JSONObject
