import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.opensearch.common.settings.Settings;
import org.opensearch.node.InternalSettingsPreparer;
import org.opensearch.node.Node;
import org.opensearch.transport.Netty4Plugin;

/**
 * Runs one node of OpenSearch from the jars of Maven Central, for tests.
 *
 *     java -cp 'lib/*' OpenSearchNode.java HOME HTTP-PORT TRANSPORT-PORT [SETTING=VALUE]…
 */
public class OpenSearchNode extends Node {
  OpenSearchNode(Settings settings) {
    super(
        InternalSettingsPreparer.prepareEnvironment(settings, Map.of(), null, () -> "test"),
        List.of(Netty4Plugin.class),
        true);
  }

  public static void main(String[] arguments) throws Exception {
    var settings = Settings.builder()
        .put("path.home", arguments[0])
        .put("http.port", arguments[1])
        .put("transport.port", arguments[2])
        .put("network.host", "127.0.0.1")
        .put("cluster.name", "test")
        .put("discovery.type", "single-node")
        .put("http.type", "netty4")
        .put("transport.type", "netty4")
        // A developer's disk is often fuller than 95 %, at which indices become read-only.
        .put("cluster.routing.allocation.disk.threshold_enabled", false);
    for (var setting : List.of(arguments).subList(3, arguments.length)) {
      var parts = setting.split("=", 2);
      settings.put(parts[0], parts[1]);
    }
    Path.of(arguments[0], "config").toFile().mkdirs();
    var node = new OpenSearchNode(settings.build());
    Runtime.getRuntime().addShutdownHook(new Thread(() -> {
      try {
        node.close();
      } catch (Exception error) {
        error.printStackTrace();
      }
    }));
    node.start();
    Thread.currentThread().join();
  }
}
